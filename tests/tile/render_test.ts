import { assertEquals } from "@std/assert";
import { wasm } from "../../src/compute/wasm.ts";
import { type Canvas, cellsUnder, windowOf } from "../../src/field/canvas.ts";
import type { CellReader } from "../../src/field/cells.ts";
import { renderTogether } from "../../src/tile/render.ts";
import { readerOf, tensorOf } from "../field/planes.ts";

const place = (z: number, x: number, y: number) => ({ z, x, y, density: 1 as const, crop: true });

Deno.test("rows of the file are read once for all tiles that show them", async () => {
  const { source, ...whole } = readerOf(tensorOf([2000, 2000], (i) => i % 977), undefined, wasm);
  let reads = 0;
  const readSync = (offset: number, into: Uint8Array) => {
    reads++;
    return source.readSync(offset, into);
  };
  const counting = { name: source.name, size: source.size, ref: source.ref, readSync };
  const reader = { ...whole, source: counting as CellReader["source"] };
  const { nativeZoom } = reader.plane;
  const places = [place(nativeZoom - 1, 1, 1)];
  for (const [x, y] of [[2, 2], [3, 2], [2, 3], [3, 3]]) places.push(place(nativeZoom, x!, y!));
  const draw = (canvas: Canvas) => ({
    kind: "scalar" as const,
    values: canvas.log2 === 0 ? canvas.cells() : canvas.means(),
    shade: { curve: "linear" as const, center: 500, scale: 1 / 500, gain: 1 },
    clamp: null,
    colormap: "greys",
    reverse: false,
  });
  const files = await renderTogether(
    reader,
    places.map((place) => ({ place, levels: null })),
    draw,
  );
  assertEquals(files.length, 5);
  assertEquals(reads, 512 + 2); // a row above, and one below
});

Deno.test("cells under windows are all that the windows show, at any zoom", () => {
  const plane = { width: 3000, height: 1000, nativeZoom: 4 };
  const under = (...places: readonly (readonly [number, number, number])[]) =>
    cellsUnder(plane, places.map(([z, x, y]) => windowOf(plane, place(z, x, y))));
  assertEquals(under([4, 2, 1]), { x: 512, y: 256, width: 256, height: 256 });
  assertEquals(under([4, 2, 1], [4, 3, 3]), { x: 512, y: 256, width: 512, height: 744 });
  assertEquals(under([2, 1, 0]), { x: 1024, y: 0, width: 1024, height: 1000 });
  assertEquals(under([3, 5, 1], [4, 11, 2]), { x: 2560, y: 512, width: 440, height: 488 });
  assertEquals(under([5, 3, 2]), { x: 384, y: 256, width: 128, height: 128 });
});
