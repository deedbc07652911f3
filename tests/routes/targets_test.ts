import { assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { Tokens } from "../../routes/tokens.ts";
import { createEngine } from "../../src/tile/engine.ts";
import { safetensorsFile } from "../formats/build.ts";
import { inFolder } from "../storage/folder.ts";

const tokens = new Tokens("read:a-secret-for-reading");
const file = safetensorsFile({ a: { dtype: "U8", shape: [4], data_offsets: [0, 4] } }, 4);

/** The answer to a request that no `Request` can stand for. */
async function ask(port: number, target: string, host: string): Promise<string> {
  using connection = await Deno.connect({ port });
  const text = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text();
}

Deno.test("no target and no Host leads past the check of tokens", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.safetensors`, file);
    const engine = await createEngine([`${folder}/a.safetensors`], { workers: 1 });
    const app = createApp(engine, { tokens });
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, app);
    const { port } = server.addr as Deno.NetAddr;
    try {
      assertStringIncludes(await ask(port, "/healthz", "localhost"), "200 OK");
      const hosts = [
        "localhost",
        "x#",
        "x?",
        "x/a.b#",
        "x/a.b?",
        "x\\a.b#",
        "x\\a.b?",
        "u:p@x",
        "",
      ];
      const targets = ["/models", "//models", "/%6dodels", "/a.b/../models", "/a.b\\..\\models"];
      const open: string[] = [];
      for (const host of hosts) {
        const absolute = [`http://${host}/models`, "http://x#/models", "http://x\\a.b#/models"];
        for (const target of [...targets, ...absolute]) {
          const answer = await ask(port, target, host);
          if (answer.includes('{"models":')) open.push(`${target} of "${host}"`);
        }
      }
      assertEquals(open, []);
    } finally {
      await server.shutdown();
      await engine.close();
    }
  }));
