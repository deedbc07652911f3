import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { modelFile, names, served } from "./served.ts";

const tile = "/tiles/model/matrix/weights/1/1/0";
const pngSize = (bytes: Uint8Array<ArrayBuffer>) => {
  const view = new DataView(bytes.buffer);
  return [view.getUint32(16), view.getUint32(20)];
};

Deno.test("a tile comes in each format with its type, and as a PNG of 256 or 512 pixels a side", () =>
  served(async ({ get }) => {
    const types = { png: "image/png", webp: "image/webp", jpg: "image/jpeg", avif: "image/avif" };
    for (const [format, type] of Object.entries(types)) {
      const response = await get(`${tile}.${format}`);
      assertEquals([response.status, response.headers.get("Content-Type")], [200, type]);
      await response.body?.cancel();
    }
    const small = await get(`${tile}.png`);
    assertEquals(pngSize(await small.bytes()), [256, 256]);
    const large = await get(`${tile}@2x.png`);
    assertEquals(pngSize(await large.bytes()), [512, 512]);
    const numbers = await get(`${tile}.npy`);
    assertEquals((await numbers.bytes()).length % 256, 256 * 256 * 4 % 256 + 128);
    assertEquals((await (await get(`${tile}.bin`)).bytes()).length, 256 * 256 * 4);
  }));

Deno.test("a tile says how it came to be", () =>
  served(async ({ get }) => {
    const first = await get(`${tile}.png`);
    const body = await first.bytes();
    assertEquals(first.headers.get("Synaptile-Mode"), "scientific");
    assertEquals(first.headers.get("Synaptile-Refinement"), "1");
    assertEquals(first.headers.get("Synaptile-Gradient"), "spatial");
    assertEquals(first.headers.get("Content-Length"), String(body.length));
    assertEquals(first.headers.get("Access-Control-Allow-Origin"), "*");
    const stages = ["read", "decode", "draw", "encode", "total"];
    const timing = first.headers.get("Server-Timing") ?? "";
    for (const stage of stages) assertMatch(timing, new RegExp(`\\b${stage};dur=\\d`));
    assert(!timing.includes("cache"));

    const again = await get(`${tile}.png`);
    assertEquals(await again.bytes(), body);
    assertMatch(again.headers.get("Server-Timing") ?? "", /^cache;desc=hit/);
    for (const name of ["ETag", "Cache-Control", "Content-Type", "Synaptile-Mode"]) {
      assertEquals(again.headers.get(name), first.headers.get(name));
    }
    assertEquals(again.headers.get("Access-Control-Expose-Headers"), "*");
  }));

Deno.test("only a URL that names the current version may be kept for ever", () =>
  served(async ({ get, version }) => {
    const caching = async (query: string) => {
      const response = await get(`${tile}.png${query}`);
      await response.body?.cancel();
      return response.headers.get("Cache-Control");
    };
    // Twice each: the second answer comes by the hot path.
    for (let i = 0; i < 2; i++) {
      assertEquals(await caching(`?v=${version()}`), "public, max-age=31536000, immutable");
      assertEquals(await caching("?v=another"), "public, no-cache");
      assertEquals(await caching(""), "public, no-cache");
    }
  }));

Deno.test("a client that has the tile gets a 304 without work", () =>
  served(async ({ get, engine }) => {
    const query = new URLSearchParams();
    const address = { model: "model", layer: "matrix", mode: "weights", z: 1, x: 1, y: 0 } as const;
    const ticket = engine.ticket({ ...address, density: 1, format: "png", query });
    for (const header of [ticket.etag, `W/${ticket.etag}`, `"a", ${ticket.etag}`, "*"]) {
      const response = await get(`${tile}.png`, { headers: { "If-None-Match": header } });
      assertEquals([response.status, await response.text()], [304, ""], header);
      assertEquals(response.headers.get("ETag"), ticket.etag);
    }
    assertEquals(ticket.cached(), undefined, "nothing was drawn");
    const response = await get(`${tile}.png`, { headers: { "If-None-Match": '"other"' } });
    assertEquals(response.status, 200);
    await response.body?.cancel();
  }));

Deno.test("tags differ by place, format, density and looks", () =>
  served(async ({ get }) => {
    const paths = [
      `${tile}.png`,
      `${tile}@2x.png`,
      `${tile}.webp`,
      "/tiles/model/matrix/weights/1/0/0.png",
      "/tiles/model/matrix/stats/1/1/0.png",
      `${tile}.png?colormap=viridis`,
      `${tile}.png?colormap=viridis&colormap_reverse=1`,
    ];
    const tags = new Set<string | null>();
    for (const path of paths) {
      const response = await get(path);
      assertEquals(response.status, 200, path);
      await response.body?.cancel();
      tags.add(response.headers.get("ETag"));
    }
    assertEquals(tags.size, paths.length);
    const spelled = await get(`${tile}.png?colormap=synaptile`);
    assert(tags.has(spelled.headers.get("ETag")), "a default spelled out is the same picture");
  }));

Deno.test("HEAD answers what GET answers, without the body", () =>
  served(async ({ get }) => {
    for (let i = 0; i < 2; i++) {
      const head = await get(`${tile}.png`, { method: "HEAD" });
      const body = await (await get(`${tile}.png`)).bytes();
      assertEquals([head.status, (await head.bytes()).length], [200, 0]);
      assertEquals(head.headers.get("Content-Length"), String(body.length));
    }
  }));

Deno.test("layers are found under any name", () =>
  served(async ({ get }) => {
    for (const name of names) {
      const part = encodeURIComponent(name);
      for (
        const path of [
          `/models/model/${part}`,
          `/models/model/${part}/weights`,
          `/tiles/model/${part}/weights/0/0/0.png`,
          `/tiles/model/${part}/weights/tile.json`,
          `/dzi/model/${part}/weights.dzi`,
          `/dzi/model/${part}/weights_files/2/0_0.png`,
          `/legend/model/${part}/weights.json`,
          `/inspect/model/${part}/weights?x=0&y=0`,
        ]
      ) {
        const response = await get(path);
        const body = await response.text();
        assertEquals(response.status, 200, `${path}: ${body}`);
      }
    }
  }));

Deno.test("a file that is replaced while it is served shows as it is now", () =>
  served(async ({ get, path, version }) => {
    const url = `${tile}.npy?v=${version()}`;
    const before = await (await get(url)).bytes();
    await Deno.writeFile(`${path}.new`, modelFile(2));
    await Deno.rename(`${path}.new`, path);
    let response: Response;
    for (let i = 0;; i++) {
      await new Promise((resolve) => setTimeout(resolve, 120));
      response = await get(url);
      if (response.status === 200) break;
      await response.body?.cancel();
      assertEquals(response.status, 409);
      assert(i < 20, "the new file was never opened");
    }
    assertNotEquals(await response.bytes(), before);
    assertEquals(response.headers.get("Cache-Control"), "public, no-cache");
  }));
