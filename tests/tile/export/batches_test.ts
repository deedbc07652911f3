import { assert, assertEquals } from "@std/assert";
import { batches, batchZoom } from "../../../src/tile/export/batches.ts";
import { deepZoomGrid, type Grid, type Spot, xyzGrid } from "../../../src/tile/export/grid.ts";
import { pump } from "../../../src/tile/export/pump.ts";
import type { Journal } from "../../../src/tile/export/journal.ts";

const grids: Readonly<Record<string, Grid>> = {
  "Deep Zoom": deepZoomGrid(5000, 3000, 5),
  "XYZ": xyzGrid(5000, 3000, 5),
};

for (const [name, grid] of Object.entries(grids)) {
  Deno.test(`batches are all tiles in their order, those in front of one tile together: ${name}`, () => {
    for (const from of [0, 1, 77]) {
      const spots = [...grid.spots(from)];
      const made = [...batches(spots, 3)];
      assertEquals(made.flat(), spots);
      for (const batch of made) {
        const places = new Set(batch.map(({ z, x, y }) => `${x >> (z - 3)},${y >> (z - 3)}`));
        assertEquals(places.size, 1);
        assert(batch.length === 1 || batch.every(({ z }) => z >= 3));
      }
    }
  });
}

Deno.test("a tile and those in front of it are one batch in a Deep Zoom pyramid", () => {
  const grid = deepZoomGrid(16384, 16384, 6);
  const sizes = [...batches(grid.spots(0), 3)].map(({ length }) => length);
  assertEquals(sizes.filter((length) => length > 1), new Array<number>(64).fill(85));
});

Deno.test("where none are drawn together each tile is a batch", () => {
  const grid = deepZoomGrid(2048, 1024, 3);
  assertEquals([...batches(grid.spots(0), Infinity)].flat(), [...grid.spots(0)]);
  assertEquals([...batches(grid.spots(0), Infinity)].length, grid.count);
});

Deno.test("every worker gets several batches, however small the plane", () => {
  const zoom = (side: number, workers: number, z = Math.log2(side / 256)) =>
    batchZoom(deepZoomGrid(side, side, z), z, z, workers);
  assertEquals([zoom(16384, 2), zoom(16384, 8), zoom(16384, 9)], [3, 3, 4]);
  assertEquals([zoom(4096, 1), zoom(1024, 1), zoom(256, 4)], [2, Infinity, Infinity]);
});

Deno.test("cells decide what is drawn together, not how far an export goes", () => {
  // Two zooms further out than native, and two further in.
  assertEquals(batchZoom(deepZoomGrid(4096, 4096, 4), 4, 6, 1), 3);
  assertEquals(batchZoom(deepZoomGrid(65536, 65536, 8), 8, 6, 1), 5);
});

Deno.test("memory of files is given back once they are written", async () => {
  const files: Uint8Array<ArrayBuffer>[] = [];
  const lengths: number[] = [];
  const draw = (spots: readonly Spot[]) => {
    const drawn = spots.map(({ index }) => new Uint8Array(index + 1));
    files.push(...drawn);
    return Promise.resolve(drawn);
  };
  const sink = {
    async put(_: Spot, file: Uint8Array) {
      await Promise.resolve();
      lengths.push(file.length);
      return { offset: 0, length: file.length, sum: 0 };
    },
    end() {},
    close() {},
  };
  const journal = { append() {} } as unknown as Journal;
  const grid = deepZoomGrid(1024, 1024, 2);
  const signal = new AbortController().signal;
  await pump(batches(grid.spots(0), 1), draw, sink, journal, { atOnce: 2, signal, tick() {} });
  assertEquals(lengths, Array.from({ length: grid.count }, (_, i) => i + 1));
  assertEquals(files.map(({ length }) => length), new Array<number>(grid.count).fill(0));
});
