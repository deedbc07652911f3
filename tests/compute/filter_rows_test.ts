import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { reference } from "../../src/compute/reference.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { tile, type TileKind, tileKinds } from "../tile/encode/tiles.ts";

/** Undoes None, Sub and Up as a decoder does, from what came out before. */
function unfilter(rows: Uint8Array, width: number, height: number, pixel: number): Uint8Array {
  const bytes = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (width + 1)]!;
    assert(filter <= 2, `row ${y} has filter ${filter}`);
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const left = x >= pixel ? bytes[at - pixel]! : 0;
      const above = y > 0 ? bytes[at - width]! : 0;
      bytes[at] = rows[y * (width + 1) + 1 + x]! + [0, left, above][filter]!;
    }
  }
  return bytes;
}

/** Bytes that None, Sub or Up suit best: steps of random size and a drift from row to row. */
function drift(width: number, height: number, steps: readonly number[]): Uint8Array {
  const [across = 0, down = 0, noise = 0] = steps;
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const x = i % width, y = Math.floor(i / width);
    return x * across + y * down + (Math.imul(i + 1, 2654435761) >>> 20) % (noise + 1);
  });
}

Deno.test("filterRows() can be undone, and the backends agree on the filter", () => {
  const size = fc.integer({ min: 1, max: 40 });
  const steps = fc.array(fc.nat(255), { minLength: 3, maxLength: 3 });
  const pixel = fc.constantFrom(1, 4);
  fc.assert(fc.property(size, size, pixel, steps, (columns, height, pixel, steps) => {
    const width = columns * pixel;
    const bytes = drift(width, height, steps);
    const want = reference.filterRows(bytes, width, height, pixel);
    assertEquals(unfilter(want, width, height, pixel), bytes);
    wasm.frame(() => assertEquals(wasm.filterRows(bytes, width, height, pixel).slice(), want));
  }));
});

for (const kind of tileKinds) {
  Deno.test(`filterRows() of a ${kind} tile is the same from every backend`, () => {
    const bytes = tile(kind, 1);
    const want = reference.filterRows(bytes, 256, 256, 1);
    assertEquals(unfilter(want, 256, 256, 1), bytes);
    wasm.frame(() => assertEquals(wasm.filterRows(bytes, 256, 256, 1).slice(), want));
  });
}

Deno.test("filterRows() leaves noise as it is and takes differences where tiles are smooth", () => {
  const filter = (kind: TileKind) => reference.filterRows(tile(kind, 1), 256, 256, 1)[0]!;
  assertEquals(filter("noisy"), 0);
  assertEquals(filter("diverging"), 0);
  assert(filter("smooth") > 0);
  const stripes = (place: (i: number) => number) =>
    Uint8Array.from({ length: 4096 }, (_, i) => Math.imul(place(i), 2654435761) >>> 20);
  assertEquals(reference.filterRows(stripes((i) => i >> 6), 64, 64, 1)[0], 1);
  assertEquals(reference.filterRows(stripes((i) => i & 63), 64, 64, 1)[0], 2);
});

Deno.test("largest() is the largest byte wherever it lies, 0 of none", () => {
  for (const ops of [reference, wasm]) {
    assertEquals(ops.largest(new Uint8Array(0)), 0);
    for (const length of [1, 15, 16, 17, 63, 64, 65]) {
      for (let at = 0; at < length; at++) {
        const bytes = new Uint8Array(length).fill(100);
        assertEquals(ops.largest(bytes.with(at, 200)), 200, `${at} of ${length}`);
        assertEquals(ops.largest(bytes.with(at, 20)), length > 1 ? 100 : 20);
      }
    }
  }
});
