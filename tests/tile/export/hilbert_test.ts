import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { zxyToTileId } from "pmtiles";
import { xyzGrid } from "../../../src/tile/export/grid.ts";
import { tileId, tilesAlongCurve } from "../../../src/tile/export/hilbert.ts";

Deno.test("tiles have the numbers that the pmtiles package gives them", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 26 }), fc.nat(), fc.nat(), (z, a, b) => {
    const x = a % 2 ** z, y = b % 2 ** z;
    assertEquals(tileId(z, x, y), zxyToTileId(z, x, y));
  }));
});

Deno.test("the curve visits each tile of a plane once, in the order of their numbers", () => {
  const side = fc.integer({ min: 1, max: 40 });
  fc.assert(fc.property(side, side, (columns, rows) => {
    const z = Math.ceil(Math.log2(Math.max(columns, rows)));
    const tiles = [...tilesAlongCurve(z, columns, rows)];
    assertEquals(tiles.length, columns * rows);
    assert(tiles.every(([x, y]) => x < columns && y < rows));
    const ids = tiles.map(([x, y]) => zxyToTileId(z, x, y));
    assert(ids.every((id, i) => i === 0 || id > ids[i - 1]!));
  }));
});

Deno.test("a long, thin plane costs no more than its tiles", () => {
  const tiles = tilesAlongCurve(22, 2 ** 22, 1);
  const began = performance.now();
  let count = 0;
  for (const _ of tiles) if (++count === 100_000) break;
  assert(performance.now() - began < 2000);
});

Deno.test("a grid goes on from any of its tiles", () => {
  const grid = xyzGrid(1000, 700, 2);
  const all = [...grid.spots(0)];
  assertEquals(all.length, grid.count);
  assertEquals(all.map(({ index }) => index), all.map((_, i) => i));
  for (let from = 0; from <= all.length; from++) {
    assertEquals([...grid.spots(from)], all.slice(from));
  }
});
