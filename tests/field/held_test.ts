import { assert, assertEquals, assertThrows } from "@std/assert";
import { wasm } from "../../src/compute/wasm.ts";
import { type CellReader, readCells, readStored, type Rect } from "../../src/field/cells.ts";
import { hold } from "../../src/field/held.ts";
import { laidOut, readerOf, tensorOf } from "./planes.ts";

/** The reader, and how often it has read from its source. */
function counted(reader: CellReader): { reader: CellReader; reads: () => number } {
  let reads = 0;
  const { source } = reader;
  const readSync = (offset: number, into: Uint8Array) => {
    reads++;
    return source.readSync(offset, into);
  };
  const counting = { ...source, name: source.name, size: source.size, ref: source.ref, readSync };
  return { reader: { ...reader, source: counting as typeof source }, reads: () => reads };
}

function cellsOf(reader: CellReader, rect: Rect): Float32Array {
  const values = new Float32Array(rect.width * rect.height);
  wasm.frame(() => readCells(reader, rect, { values, start: 0, pitch: rect.width }));
  return values;
}

const square = { x: 40, y: 30, width: 64, height: 48 };
const inside: readonly Rect[] = [
  square,
  { x: 39, y: 29, width: 66, height: 50 }, // with the cells around it
  { x: 41, y: 31, width: 1, height: 1 },
  { x: 90, y: 60, width: 14, height: 17 },
];
const beyond: readonly Rect[] = [
  { x: 38, y: 30, width: 4, height: 4 },
  { x: 40, y: 28, width: 4, height: 4 },
  { x: 101, y: 30, width: 5, height: 4 },
  { x: 40, y: 70, width: 4, height: 10 },
];

for (const columns of [200, 9000]) {
  Deno.test(`cells that are held are read no more: ${columns} columns`, () => {
    const whole = readerOf(tensorOf([150, columns], (i) => i % 65537), undefined, wasm);
    const { reader, reads } = counted(whole);
    wasm.frame(() => {
      const near = hold(reader, square);
      const before = reads();
      assert(before > 0);
      for (const rect of inside) assertEquals(cellsOf(near, rect), cellsOf(whole, rect));
      const { bytes, packed } = readStored(near, square)!;
      const { width, rows, pitch } = packed;
      const stored = new Float32Array(width * rows);
      wasm.decode(bytes, packed, { values: stored, start: 0, pitch: width });
      assertEquals(stored, cellsOf(whole, inside[1]!));
      assert(pitch >= width * 4);
      assertEquals(reads(), before);
      for (const rect of beyond) assertEquals(cellsOf(near, rect), cellsOf(whole, rect));
      assert(reads() > before);
    });
  });
}

Deno.test("at the edges of a plane what there is is held", () => {
  const whole = readerOf(tensorOf([150, 200], (i) => i), undefined, wasm);
  const { reader, reads } = counted(whole);
  const all = { x: 0, y: 0, width: 200, height: 150 };
  wasm.frame(() => {
    const near = hold(reader, all);
    const before = reads();
    assertEquals(cellsOf(near, all), cellsOf(whole, all));
    assertEquals(reads(), before);
  });
});

Deno.test("what is no even runs of the file, or too much, is read as ever", () => {
  const vector = readerOf(tensorOf([30000], (i) => i), undefined, wasm);
  const turned = readerOf(laidOut([200, 150], [1, 0], (i) => i), undefined, wasm);
  const kernels = readerOf(tensorOf([20, 30, 3, 3], (i) => i), undefined, wasm);
  const row = readerOf(tensorOf([1, 300], (i) => i), undefined, wasm);
  for (const reader of [vector, turned, kernels, row]) {
    wasm.frame(() => {
      const { width, height } = reader.plane;
      const near = hold(reader, { x: 0, y: 0, width, height });
      assertEquals(near.held, undefined);
    });
  }
  const large = readerOf(tensorOf([4096, 2200], () => 0), undefined, wasm);
  wasm.frame(() => {
    assertEquals(hold(large, { x: 0, y: 0, width: 2200, height: 4096 }).held, undefined);
    assert(hold(large, { x: 0, y: 0, width: 2048, height: 2048 }).held);
  });
});

Deno.test("holding ends where the work is not wanted any more", () => {
  const reader = readerOf(tensorOf([600, 200], (i) => i), undefined, wasm);
  let looks = 0;
  const cancelled = () => {
    if (++looks === 2) throw new DOMException("the work was cancelled", "AbortError");
  };
  const work = () => hold({ ...reader, cancelled }, { x: 0, y: 0, width: 200, height: 600 });
  assertThrows(() => wasm.frame(work), DOMException);
});
