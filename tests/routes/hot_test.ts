import { assert, assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { Changed, Overloaded } from "../../src/errors.ts";
import { type Fake, fake } from "./fake.ts";

const url = "http://localhost/tiles/m/l/weights/0/0/0.png";
const ask = async (app: ReturnType<typeof createApp>, headers: HeadersInit = {}, at = url) => {
  const response = await app(new Request(at, { headers }));
  return { response, body: await response.bytes() };
};

Deno.test("a URL answered once is answered from the cache, without another ticket", async () => {
  const made = fake();
  const app = createApp(made.engine);
  const first = await ask(app);
  for (let i = 0; i < 3; i++) {
    const { response, body } = await ask(app);
    assertEquals([response.status, body], [200, first.body]);
    assertEquals(response.headers.get("ETag"), first.response.headers.get("ETag"));
  }
  assertEquals(made.tickets, 1);
});

Deno.test("once the tag is known a 304 needs neither a ticket nor the tile", async () => {
  const made = fake();
  const app = createApp(made.engine);
  const { response: { headers } } = await ask(app);
  made.cache.clear();
  for (let i = 0; i < 3; i++) {
    const { response } = await ask(app, { "If-None-Match": headers.get("ETag")! });
    assertEquals(response.status, 304);
  }
  assertEquals(made.tickets, 1);
});

Deno.test("a tile that fell out of the cache is drawn again", async () => {
  const made = fake();
  const app = createApp(made.engine);
  await ask(app);
  made.cache.clear();
  const { response, body } = await ask(app);
  assertEquals([response.status, body.length, made.tickets], [200, 3, 2]);
});

Deno.test("a new version is never answered with the old one's tile or tag", async () => {
  const made = fake();
  const app = createApp(made.engine);
  const before = await ask(app, {}, `${url}?v=1`);
  assertMatch(before.response.headers.get("Cache-Control") ?? "", /immutable/);
  made.version = "2";
  made.draw = () => Promise.resolve(Uint8Array.of(9));
  const tag = before.response.headers.get("ETag")!;
  const { response, body } = await ask(app, { "If-None-Match": tag }, `${url}?v=1`);
  assertEquals([response.status, body], [200, Uint8Array.of(9)]);
  assertEquals(response.headers.get("Cache-Control"), "public, no-cache");
});

Deno.test("a model that is gone is told as such, also where its tiles were answered before", async () => {
  const made = fake();
  const app = createApp(made.engine);
  await ask(app);
  made.engine.model = () => {
    throw new Changed("being opened again", { retryAfter: 1 });
  };
  const { response } = await ask(app);
  assertEquals([response.status, response.headers.get("Retry-After")], [409, "1"]);
});

Deno.test("a full queue is a 503 that says when to come back", async () => {
  const made = fake();
  made.draw = () => Promise.reject(new Overloaded("the queue is full", { retryAfter: 2 }));
  const { response } = await ask(createApp(made.engine));
  assertEquals([response.status, response.headers.get("Retry-After")], [503, "2"]);
});

Deno.test("what is remembered is bounded, however many URLs are asked for", async () => {
  const made = fake();
  const app = createApp(made.engine);
  const at = (i: number) => `http://localhost/tiles/m/l/weights/0/0/${i}.png`;
  for (let i = 0; i < 8200; i++) await ask(app, {}, at(i));
  const before = made.tickets;
  await ask(app, {}, at(8199));
  assertEquals(made.tickets, before, "the newest is remembered");
  await ask(app, {}, at(0));
  assertEquals(made.tickets, before + 1, "the oldest is not");
});

Deno.test("a client that hangs up ends the work for its tile", async () => {
  const made = fake();
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  made.draw = (_, signal) => {
    begin();
    return new Promise((_, reject) =>
      signal?.addEventListener("abort", () => {
        reject(signal.reason);
        resolve();
      })
    );
  };
  await listening(made, async (port) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const text = "GET /tiles/m/l/weights/0/0/0.png HTTP/1.1\r\nHost: localhost\r\n\r\n";
    await connection.write(new TextEncoder().encode(text));
    await begun;
    connection.close();
    await soon(ended);
  });
});

Deno.test("an answered request does not end as a cancelled one", async () => {
  const made = fake();
  let seen: AbortSignal | undefined;
  made.draw = (_, signal) => (seen = signal, Promise.resolve(Uint8Array.of(1)));
  await listening(made, async (port) => {
    const response = await fetch(`http://127.0.0.1:${port}/tiles/m/l/weights/0/0/0.png`);
    assertEquals(await response.bytes(), Uint8Array.of(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert(!seen!.aborted);
  });
});

/** Fails where it would wait for ever. */
async function soon(event: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("nothing happened for five seconds")), 5000);
  try {
    await Promise.race([event, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function listening({ engine }: Fake, test: (port: number) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    signal: stop.signal,
    onListen: () => {},
  }, createApp(engine));
  try {
    await test(server.addr.port);
  } finally {
    stop.abort();
    await server.finished;
  }
}
