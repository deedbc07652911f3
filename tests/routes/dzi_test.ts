import { assertEquals, assertMatch } from "@std/assert";
import { served } from "./served.ts";

Deno.test("a Deep Zoom descriptor has the plane's size, and every tile the size that follows", () =>
  served(async ({ get }) => {
    for (const [layer, width, height] of [["matrix", 900, 700], ["plain", 3, 2]] as const) {
      const descriptor = await get(`/dzi/model/${layer}/weights.dzi`);
      assertEquals(descriptor.headers.get("Content-Type"), "application/xml");
      const xml = await descriptor.text();
      assertMatch(xml, new RegExp(`Width="${width}" Height="${height}"`));
      assertMatch(xml, /Overlap="0" TileSize="256"/);
      const deepest = Math.ceil(Math.log2(width));
      for (let level = 0; level <= deepest; level++) {
        const across = Math.ceil(width / 2 ** (deepest - level));
        const down = Math.ceil(height / 2 ** (deepest - level));
        for (let y = 0; y * 256 < down; y++) {
          for (let x = 0; x * 256 < across; x++) {
            const path = `/dzi/model/${layer}/weights_files/${level}/${x}_${y}.png`;
            const response = await get(path);
            assertEquals(response.status, 200, path);
            const view = new DataView((await response.bytes()).buffer);
            assertEquals(
              [view.getUint32(16), view.getUint32(20)],
              [Math.min(256, across - x * 256), Math.min(256, down - y * 256)],
              path,
            );
          }
        }
      }
    }
  }));

Deno.test("a descriptor's query is that of its tiles", () =>
  served(async ({ get }) => {
    const tag = async (query: string) => {
      const response = await get(`/dzi/model/matrix/weights_files/9/0_0.png${query}`);
      await response.body?.cancel();
      return response.headers.get("ETag");
    };
    const plain = await tag(""), magma = await tag("?colormap=magma");
    assertEquals(plain === magma, false);
    const refused = await get("/dzi/model/matrix/weights.dzi?colormap=none");
    assertEquals(refused.status, 400);
    await refused.body?.cancel();
  }));
