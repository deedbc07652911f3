import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { Tokens } from "../../routes/tokens.ts";
import { Uploads } from "../../src/model/uploads.ts";
import { createEngine } from "../../src/tile/engine.ts";
import { safetensorsFile, utf8 } from "../formats/build.ts";
import { inFolder } from "../storage/folder.ts";

const token = "0123456789abcdef0123";
const LIMIT = 100_000;
/** Milliseconds that an upload may stand still. */
const PAUSE = 300;

const file = (name: string, values = 4) =>
  safetensorsFile({ [name]: { dtype: "U8", shape: [values], data_offsets: [0, values] } }, values);

interface Site {
  readonly uploads: string;
  readonly given: string;
  ask(method: string, path: string, init?: RequestInit & { token?: string | null }): Promise<{
    status: number;
    headers: Headers;
    body: Answer;
  }>;
}

/** What a test looks at in the JSON of a route. */
interface Answer {
  readonly id: string;
  readonly parameters: number;
  readonly layers: number;
  readonly detail: string;
  readonly models: readonly { readonly id: string }[];
}

async function site(
  test: (site: Site) => Promise<void>,
  { tokens = token, takesUploads = true } = {},
): Promise<void> {
  await inFolder(async (folder) => {
    const given = `${folder}/given.safetensors`;
    await Deno.writeFile(given, file("a"));
    const engine = await createEngine([given], { workers: 1 });
    const uploads = `${folder}/uploads`;
    const app = createApp(engine, {
      tokens: new Tokens(tokens),
      ...(takesUploads ? { uploads: new Uploads(uploads, LIMIT, PAUSE) } : {}),
    });
    try {
      await test({
        uploads,
        given,
        async ask(method, path, { token: bearer = token, ...init } = {}) {
          const headers = new Headers(init.headers);
          if (bearer) headers.set("Authorization", `Bearer ${bearer}`);
          const request = new Request(`http://localhost${path}`, { ...init, method, headers });
          const response = await app(request);
          const text = await response.text();
          return {
            status: response.status,
            headers: response.headers,
            body: JSON.parse(text || "{}") as Answer,
          };
        },
      });
    } finally {
      await engine.close();
    }
  });
}

const ids = async ({ ask }: Site) => (await ask("GET", "/models")).body.models.map(({ id }) => id);
const kept = ({ uploads }: Site) => Array.from(Deno.readDirSync(uploads), ({ name }) => name);

Deno.test("an upload becomes a model, draws, and is gone with its file when deleted", () =>
  site(async (site) => {
    const { ask } = site;
    const made = await ask("POST", "/models?name=mine.safetensors", { body: file("w", 9) });
    assertEquals([made.status, made.headers.get("Location")], [201, "/models/mine"]);
    assertEquals([made.body.id, made.body.parameters], ["mine", 9]);
    assertEquals(await ids(site), ["given", "mine"]);
    const tile = await ask("GET", "/models/mine/w/weights");
    assertEquals(tile.status, 200);
    assertEquals(kept(site), ["mine"]);
    assertEquals((await ask("DELETE", "/models/mine")).status, 204);
    assertEquals([await ids(site), kept(site)], [["given"], []]);
    assertEquals((await ask("GET", "/models/mine/w/weights")).status, 404);
    assertEquals((await ask("DELETE", "/models/mine")).status, 404);
  }));

Deno.test("a form of shards becomes one model", () =>
  site(async (site) => {
    const form = new FormData();
    form.append("file", new Blob([file("a")]), "m-00001-of-00002.safetensors");
    form.append("file", new Blob([file("b")]), "m-00002-of-00002.safetensors");
    const made = await site.ask("POST", "/models", { body: form });
    assertEquals(made.status, 201);
    assertEquals([made.body.layers, made.body.parameters], [2, 8]);
  }));

Deno.test("two uploads of one name are two models", () =>
  site(async (site) => {
    for (const id of ["m", "m-2"]) {
      const made = await site.ask("POST", "/models?name=m.safetensors", { body: file("w") });
      assertEquals(made.body.id, id);
    }
    await site.ask("DELETE", "/models/m");
    assertEquals(await ids(site), ["given", "m-2"]);
  }));

for (
  const [what, path, body, status, detail] of [
    ["a malformed file", "?name=m.safetensors", new Uint8Array(8), 422, "header length"],
    ["a file of no format", "?name=m.txt", utf8("text"), 422, "is text, and no model"],
    ["no name", "", utf8("text"), 400, "POST /models?name="],
    ["a name that leads out", "?name=../m.safetensors", file("a"), 400, "no name of a file"],
    ["a hidden name", "?name=.m.safetensors", file("a"), 400, "no name of a file"],
    ["more bytes than allowed", "?name=m.npy", new Uint8Array(LIMIT + 1), 413, "100001 bytes"],
    ["an unknown parameter", "?names=m", file("a"), 400, 'unknown parameter "names"'],
  ] as const
) {
  Deno.test(`an upload with ${what} is refused, and nothing is kept`, () =>
    site(async (site) => {
      const refused = await site.ask("POST", `/models${path}`, { body });
      assertEquals(refused.status, status);
      assertStringIncludes(refused.body.detail, detail);
      const told = JSON.stringify(refused.body);
      assertEquals(told.includes(site.uploads), false, `names a place on the server: ${told}`);
      assertEquals([await ids(site), kept(site)], [["given"], []]);
    }));
}

Deno.test("a form that ends too early is refused, and nothing is kept", () =>
  site(async (site) => {
    const headers = { "Content-Type": "multipart/form-data; boundary=x" };
    const part = '--x\r\nContent-Disposition: form-data; name="f"; filename="m.npy"\r\n\r\nabc';
    for (const body of [part, "", "--x--\r\n"]) {
      const refused = await site.ask("POST", "/models", { body, headers });
      assertEquals(refused.status, 400, JSON.stringify(refused.body));
      assertEquals(kept(site), []);
    }
  }));

Deno.test("a form is held to the limit with all that lies around its files", () =>
  site(async (site) => {
    const headers = { "Content-Type": "multipart/form-data; boundary=x" };
    const field = '--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n';
    const endless = ReadableStream.from((function* () {
      yield utf8(field);
      for (let i = 0; i < 100; i++) yield new Uint8Array(1 << 20);
    })());
    const refused = await site.ask("POST", "/models", { body: endless, headers });
    assertEquals(refused.status, 413, JSON.stringify(refused.body));
    assertEquals(kept(site), []);
  }));

Deno.test("an upload whose client goes away leaves nothing", () =>
  site(async (site) => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(file("a").subarray(0, 10));
        setTimeout(() => controller.error(new Error("gone")), 20);
      },
    });
    const broken = await site.ask("POST", "/models?name=m.safetensors", { body });
    assert(broken.status >= 400);
    assertEquals(kept(site), []);
  }));

Deno.test("an upload that stands still is given up, and leaves nothing", () =>
  site(async (site) => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(file("a").subarray(0, 10)),
    });
    const given = await site.ask("POST", "/models?name=m.safetensors", { body });
    assertEquals(given.status, 400);
    assertStringIncludes(given.body.detail, "stood still for 0.3 s");
    assertEquals(kept(site), []);
  }));

Deno.test("only what requests added can be deleted", () =>
  site(async (site) => {
    const refused = await site.ask("DELETE", "/models/given");
    assertEquals(refused.status, 403);
    assertStringIncludes(refused.body.detail, "whoever started the server");
    assertEquals(await ids(site), ["given"]);
    assert((await Deno.stat(site.given)).isFile);
  }));

Deno.test("writing needs a token, and a server without tokens is for reading", async () => {
  await site(async ({ ask }) => {
    const none = await ask("POST", "/models?name=m.npy", { token: null, body: "x" });
    assertEquals(none.status, 401);
    assertMatch(none.headers.get("WWW-Authenticate")!, /^Bearer /);
    assertEquals((await ask("DELETE", "/models/given", { token: "x".repeat(20) })).status, 401);
    assertEquals((await ask("GET", "/models", { token: null })).status, 200);
  });
  await site(async ({ ask }) => {
    assertEquals((await ask("POST", "/models?name=m.npy", { body: "x" })).status, 403);
  }, { tokens: "" });
});

Deno.test("a token for reading closes every route but the page and health", () =>
  site(async ({ ask }) => {
    const closed = ["/models", "/models/given", "/tiles/given/a/weights/0/0/0.png", "/nowhere"];
    for (const path of closed) {
      assertEquals((await ask("GET", path, { token: null })).status, 401, path);
    }
    assertEquals((await ask("GET", "/healthz", { token: null })).status, 200);
    assertEquals((await ask("GET", "/models")).status, 200);
    // Asked for before with a token, a tile is no less closed.
    const tile = "/models/given/a/weights";
    assertEquals((await ask("GET", tile)).status, 200);
    assertEquals((await ask("GET", tile, { token: null })).status, 401);
  }, { tokens: `read:${token} write:another-long-secret` }));

Deno.test("a server without --uploads takes none, and says so", () =>
  site(async ({ ask }) => {
    const refused = await ask("POST", "/models?name=m.npy", { body: "x" });
    assertEquals(refused.status, 403);
    assertStringIncludes(refused.body.detail, "--uploads");
  }, { takesUploads: false }));

for (
  const body of [
    ...["no json", "{}", '{"url": 5}', '{"url": "file:///etc/passwd"}', "[".repeat(70_000)],
    `{"url":"https://${"@".repeat(60_000)}/"}`,
  ]
) {
  Deno.test(`a URL given as ${body.slice(0, 30)} is refused`, () =>
    site(async ({ ask }) => {
      const headers = { "Content-Type": "application/json" };
      const refused = await ask("POST", "/models", { body, headers });
      assertEquals(refused.status, 400);
      assertStringIncludes(refused.body.detail, "expected");
    }));
}

Deno.test("other methods are refused with those there are", () =>
  site(async ({ ask }) => {
    const cases = [["POST", "/models/given"], ["DELETE", "/models"], ["PUT", "/models"]] as const;
    for (const [method, path] of cases) {
      const refused = await ask(method, path);
      assertEquals(refused.status, 405);
      assertMatch(refused.headers.get("Allow")!, /^GET, HEAD, (POST|DELETE), OPTIONS$/);
    }
  }));
