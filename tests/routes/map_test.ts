import { assert, assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { Tokens } from "../../routes/tokens.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { ingesting, until, withLarge } from "../tile/large.ts";
import { npy, pixels } from "../tile/pictures.ts";

const TOKEN = "a-token-that-is-long-enough", READ = "another-one-for-reading";
const names = ["a", "b", "c"];

type Get = (path: string, init?: RequestInit) => Promise<Response>;

/** A server over a model whose ingest rests, as soon as it can. */
const resting = (test: (get: Get, engine: Engine) => Promise<void>) =>
  withLarge(names, (path, store) =>
    ingesting(path, store, async (engine) => {
      engine.setIngest("model", "paused");
      // What was in hand is over.
      await engine.legend(engine.view("model", "_", "map", new URLSearchParams()));
      await new Promise((done) => setTimeout(done, 200));
      const app = createApp(engine, { tokens: new Tokens(TOKEN) });
      await test(
        async (path, init) => await app(new Request(`http://localhost${path}`, init)),
        engine,
      );
    }));

const state = (body: string, token: string | null = TOKEN): RequestInit => ({
  method: "POST",
  body,
  headers: token === null ? {} : { Authorization: `Bearer ${token}` },
});
const INGEST = "/models/model/_/ingest";

Deno.test("tiles of a map that is not known yet are weakly tagged and short-lived, and never blank", () =>
  resting(async (get, engine) => {
    const { layout } = engine.layout(engine.model("model"));
    for (let z = 0; z <= layout.nativeZoom; z++) {
      const response = await get(
        `/tiles/model/_/map/${z}/0/0.png?v=${engine.model("model").version}`,
      );
      assertEquals(response.status, 200);
      const etag = response.headers.get("ETag")!;
      const bytes = await response.bytes();
      const picture = await pixels(bytes);
      const side = 2 ** (layout.nativeZoom - z);
      for (const { x, y, width, height } of layout.regions) {
        // Whole pixels of what lies on this tile.
        const right = Math.min(256, Math.floor((x + width) / side));
        const bottom = Math.min(256, Math.floor((y + height) / side));
        for (let row = Math.ceil(y / side); row < bottom; row++) {
          for (let column = Math.ceil(x / side); column < right; column++) {
            const alpha = picture.rgba[row * 256 + column]! >>> 24;
            assertEquals(alpha, 255, `(${column}, ${row}) at zoom ${z}`);
          }
        }
      }
      const share = Number(response.headers.get("Synaptile-Refinement"));
      if (share === 1) continue; // read before it could rest
      assertMatch(etag, /^W\/"/);
      assertEquals(response.headers.get("Cache-Control"), "public, max-age=5");
      const again = await get(`/tiles/model/_/map/${z}/0/0.png`, {
        headers: { "If-None-Match": etag },
      });
      assertEquals([again.status, await again.text()], [304, ""]);
      assertEquals(again.headers.get("ETag"), etag);
    }
  }));

Deno.test("what was a weak tag is another picture's once all is known, and the old one no longer holds", () =>
  resting(async (get, engine) => {
    const path = `/tiles/model/_/map/0/0/0.png?v=${engine.model("model").version}`;
    const before = await get(path);
    const estimate = before.headers.get("ETag")!;
    assertMatch(estimate, /^W\//);
    await before.bytes();
    assertEquals((await get(INGEST, state('{"state":"running"}'))).status, 200);
    await until(engine, "done");
    for (let i = 0; i < 2; i++) { // the second time past the router
      const after = await get(path, { headers: { "If-None-Match": estimate } });
      assertEquals(after.status, 200);
      assertMatch(after.headers.get("ETag")!, /^"/);
      assertEquals(after.headers.get("Cache-Control"), "public, max-age=31536000, immutable");
      assertEquals(after.headers.get("Synaptile-Refinement"), "1");
      await after.bytes();
    }
  }));

Deno.test("a map comes in every format, twice as dense, and as Deep Zoom from a single pixel on", () =>
  resting(async (get, engine) => {
    engine.setIngest("model", "running");
    await until(engine, "done");
    const tile = async (file: string) => {
      const response = await get(`/tiles/model/_/map/${file}`);
      const bytes = await response.bytes();
      assertEquals(response.status, 200, file);
      const head = await get(`/tiles/model/_/map/${file}`, { method: "HEAD" });
      assertEquals([head.status, head.headers.get("Content-Length")], [200, `${bytes.length}`]);
      assertEquals(head.headers.get("ETag"), response.headers.get("ETag"));
      assertEquals((await head.bytes()).length, 0);
      return { bytes, type: response.headers.get("Content-Type") };
    };
    for (const at of ["0/0/0", "3/1/2"]) {
      const png = await pixels((await tile(`${at}.png`)).bytes);
      assertEquals([png.width, png.height], [256, 256]);
      const webp = await tile(`${at}.webp`);
      assertEquals(webp.type, "image/webp");
      const { rgba } = await pixels(webp.bytes);
      // What is transparent has any colour.
      const seen = (pixel: number) => pixel >>> 24 === 0 ? 0 : pixel;
      assertEquals(rgba.map(seen), png.rgba.map(seen));
      const numbers = npy((await tile(`${at}.npy`)).bytes);
      assertEquals([numbers.width, numbers.height], [256, 256]);
      // Numbers are where colours are.
      assert(
        numbers.values.every((value, i) => Number.isNaN(value) === (png.rgba[i]! >>> 24 === 0)),
      );
      const { bytes } = await tile(`${at}.bin`);
      assert(new Uint32Array(bytes.slice().buffer).every((pixel, i) => pixel === png.rgba[i]));
      // The same area in four times the pixels: those of the zoom beyond.
      const dense = await pixels((await tile(`${at}@2x.png`)).bytes);
      assertEquals([dense.width, dense.height], [512, 512]);
      const [z, x, y] = at.split("/").map(Number) as [number, number, number];
      const near = await pixels((await tile(`${z + 1}/${2 * x}/${2 * y}.png`)).bytes);
      for (let row = 0; row < 256; row++) {
        assertEquals(
          dense.rgba.subarray(row * 512, row * 512 + 256),
          near.rgba.subarray(row * 256, (row + 1) * 256),
        );
      }
    }
    const dzi = await (await get("/dzi/model/_/map.dzi")).text();
    const [width, height] = ["Width", "Height"].map((side) =>
      Number(dzi.match(`${side}="(\\d+)"`)![1])
    ) as [number, number];
    const deepest = Math.ceil(Math.log2(Math.max(width, height)));
    for (let level = 0; level <= deepest; level++) {
      const response = await get(`/dzi/model/_/map_files/${level}/0_0.png`);
      assertEquals(response.status, 200, `level ${level}`);
      const picture = await pixels(await response.bytes());
      const side = 2 ** (deepest - level);
      assertEquals(
        [picture.width, picture.height],
        [width, height].map((cells) => Math.min(256, Math.ceil(cells / side))),
      );
    }
  }));

Deno.test("how far an ingest is may be asked by anyone, and changed with a token for writing alone", () =>
  withLarge(["a"], (path, store) =>
    ingesting(path, store, async (engine) => {
      const app = createApp(engine, { tokens: new Tokens(`${TOKEN}, read:${READ}`) });
      const open = createApp(engine);
      const ask = async (init: RequestInit, served = app, path = INGEST) => {
        const response = await served(new Request(`http://localhost${path}`, init));
        const body = await response.json();
        return { status: response.status, body, cache: response.headers.get("Cache-Control") };
      };
      const reader = { headers: { Authorization: `Bearer ${READ}` } };
      const told = await ask(reader);
      assertEquals([told.status, told.cache, told.body.model], [200, "no-store", "model"]);
      assertEquals((await ask({}, open)).status, 200);
      const pause = '{"state":"paused"}';
      assertEquals((await ask(state(pause, null))).status, 401);
      assertEquals((await ask(state(pause, "some-token-nobody-knows"))).status, 401);
      assertEquals((await ask(state(pause, READ))).status, 403);
      assertEquals((await ask(state(pause, null), open)).status, 403);
      for (const body of ["", "paused", "{}", "null", "[]", '{"state":"done"}', '{"state":1}']) {
        const { status, body: problem } = await ask(state(body));
        assertEquals(status, 400, body);
        assertEquals(problem.type, "urn:synaptile:bad-request");
      }
      assertEquals((await ask(state(pause), app, "/models/other/_/ingest")).status, 404);
      assertEquals((await ask(state(pause), app, `${INGEST}?now=1`)).status, 400);
    })));

Deno.test("a model that is not ingested has no ingest to ask for", () =>
  withLarge(["a"], async (path) => {
    const engine = await createEngine([path], { workers: 0 });
    try {
      const app = createApp(engine, { tokens: new Tokens(TOKEN) });
      for (const init of [{}, state('{"state":"paused"}')]) {
        const response = await app(new Request(`http://localhost${INGEST}`, init));
        assertEquals(response.status, 404);
        assertMatch((await response.json()).detail, /only as far as it is looked at/);
      }
    } finally {
      await engine.close();
    }
  }));

/** Events of a stream until one satisfies. */
async function eventsUntil(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  last: (kind: string, data: Record<string, unknown>) => boolean,
) {
  const found: { kind: string; data: Record<string, unknown> }[] = [];
  let text = "";
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const [, kind, data] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? [];
      if (!kind) continue;
      found.push({ kind, data: JSON.parse(data!) });
      if (last(kind, found.at(-1)!.data)) return found;
    }
  }
  return found;
}

Deno.test("events come in order, from what is so now to the end, and nobody listens once the client has gone", () =>
  resting(async (get, engine) => {
    let listeners = 0;
    const { listen } = engine;
    engine.listen = (listener) => {
      listeners++;
      const deaf = listen.call(engine, listener);
      return () => {
        listeners--;
        deaf();
      };
    };
    const response = await get("/events?model=model");
    assertEquals(response.headers.get("Content-Type"), "text/event-stream");
    assertEquals(listeners, 1);
    const events = eventsUntil(
      response.body!,
      (kind, { state }) => kind === "ingest" && state === "done",
    );
    engine.setIngest("model", "running");
    const found = await events; // which cancels the stream
    assertEquals(listeners, 0);
    assertEquals([found[0]!.kind, found[0]!.data["state"]], ["ingest", "paused"]);
    const done = found.filter(({ kind }) => kind === "ingest").map(({ data }) =>
      Number(data["done"])
    );
    assertEquals(done, done.toSorted((a, b) => a - b));
    const layers = found.flatMap(({ kind, data }) =>
      kind === "layer" ? [String(data["tensor"])] : []
    );
    assertEquals(layers.length, new Set(layers).size);
    assert(layers.every((name) => names.includes(name)));

    // One that leaves, and one whose model changes while it asks.
    const leaving = new AbortController();
    const second = await get("/events", { signal: leaving.signal });
    assertEquals(listeners, 1);
    leaving.abort();
    await second.body!.cancel().catch(() => {});
    assertEquals(listeners, 0);
    const { ingest } = engine;
    engine.ingest = () => ingest.call(engine, "no such model");
    const third = await get("/events");
    assertEquals(listeners, 1);
    await third.body!.cancel();
    assertEquals(listeners, 0);
    assertEquals((await get("/events?model=other")).status, 404);
    assertEquals((await get("/events?what=1")).status, 400);
  }));
