import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { answerUntil, serve } from "../../src/cli/serve.ts";
import { parse } from "../../src/cli/verb.ts";
import { modelFile } from "../routes/served.ts";
import { command, run, withFile } from "./run.ts";

/** A server as a process, while `test` runs; then it is asked to stop, and must in good order. */
async function serving(
  args: readonly string[],
  test: (url: string) => Promise<void>,
  signal: Deno.Signal = "SIGTERM",
): Promise<void> {
  const process = command("serve", "--port", "0", ...args).spawn();
  let out = "";
  const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    while (!out.includes("\n")) {
      const { value, done } = await output.read();
      if (done) throw new Error(`ended early: ${await process.stderr.text()}`);
      out += value;
    }
    const [, url] = /^Listening on (http:\/\/\S+:\d+\/)\n$/.exec(out) ?? [];
    if (!url) throw new Error(`found ${out}`);
    await test(url);
  } finally {
    process.kill(signal);
    const { code } = await process.status;
    const rest = await output.read();
    const errors = await process.stderr.text();
    assertEquals([code, rest.value ?? "", errors], [0, "", ""]);
  }
}

Deno.test("serve prints one line, answers at its address, and stops in good order", () =>
  withFile(modelFile(), (path) =>
    serving([path], async (url) => {
      const { models } = await (await fetch(`${url}models`)).json();
      assertEquals(models.map(({ id }: { id: string }) => id), ["model"]);
      // Over a real connection: an answer without a body is sent more than once.
      const tile = `${url}tiles/model/matrix/weights/0/0/0.png?v=${models[0].version}`;
      const first = await fetch(tile);
      const bytes = await first.bytes();
      for (let i = 0; i < 3; i++) {
        const again = await fetch(tile);
        assertEquals(await again.bytes(), bytes);
        const headers = { "If-None-Match": first.headers.get("ETag")! };
        const unchanged = await fetch(tile, { headers });
        assertEquals([unchanged.status, await unchanged.text()], [304, ""]);
        assertEquals(unchanged.headers.get("ETag"), first.headers.get("ETag"));
        const head = await fetch(tile, { method: "HEAD" });
        assertEquals(head.headers.get("Content-Length"), String(bytes.length));
      }
      const list = await fetch(`${url}models`, { method: "HEAD" });
      assertMatch(list.headers.get("Content-Length") ?? "", /^[1-9]\d+$/);
    })));

Deno.test("serve without a path shows the bundled models, and Ctrl-C ends it", () =>
  serving([], async (url) => {
    const { models } = await (await fetch(`${url}models`)).json();
    assert(models.length > 0);
  }, "SIGINT"));

Deno.test("what is under way is answered before the server stops", async () => {
  const url = Promise.withResolvers<string>();
  const arrived = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  const app = () => (arrived.resolve(), answer.promise);
  const interrupted = new AbortController();
  const address = { hostname: "127.0.0.1", port: 0 };
  const ended = answerUntil(interrupted.signal, address, app, url.resolve);
  const response = fetch(await url.promise);
  await arrived.promise;
  interrupted.abort();
  const first = await Promise.race([
    ended.then(() => "the end"),
    new Promise((resolve) => setTimeout(resolve, 50, "a while")),
  ]);
  assertEquals(first, "a while");
  answer.resolve(new Response("whole"));
  assertEquals(await (await response).text(), "whole");
  await deadline(ended, 5000);
});

Deno.test("Ctrl-C while models are being opened is heard", () =>
  withFile(modelFile(), async (path) => {
    const interrupted = new AbortController();
    const ended = serve.run(parse(serve, [path, "--port", "0"]), interrupted.signal);
    interrupted.abort(new Error("Ctrl-C"));
    await assertRejects(() => deadline(ended, 5000), Error, "Ctrl-C");
  }));

/** Rejects where `work` takes longer than `ms`. */
async function deadline<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not done after ${ms} ms`)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("serve on a port that is taken says so and ends with 2", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    const { code, stderr } = await run("serve", "--port", String(listener.addr.port));
    assertEquals(code, 2);
    assertMatch(stderr, /is taken/);
  } finally {
    listener.close();
  }
});
