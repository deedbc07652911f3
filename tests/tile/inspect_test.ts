import { assertAlmostEquals, assertEquals } from "@std/assert";
import { wasm } from "../../src/compute/wasm.ts";
import { heldLevels } from "../../src/field/levels/held.ts";
import { allocate, mergeLevels } from "../../src/field/pyramid.ts";
import { measureSlab, slabOf, stepsOf } from "../../src/field/slab.ts";
import { inspect } from "../../src/tile/inspect.ts";
import { readerOf, tensorOf } from "../field/planes.ts";
import { hash } from "./models.ts";

const width = 530, height = 300;

/** A reader of a matrix with its pyramid, and the matrix. */
function layer(value: (i: number) => number) {
  const made = tensorOf([height, width], value);
  const reader = readerOf(made, undefined, wasm);
  const pyramid = allocate(reader.plane);
  const slab = slabOf(pyramid);
  measureSlab(reader, slab, 0, stepsOf(reader.plane, slab), null);
  mergeLevels(wasm, pyramid.levels);
  return { reader, levels: heldLevels(pyramid), flat: made.flat };
}

/** The cells of a block, with the places they have. */
function* cellsOf(flat: Float32Array, log2: number, bx: number, by: number) {
  const block = 2 ** log2;
  for (let y = by * block; y < Math.min((by + 1) * block, height); y++) {
    for (let x = bx * block; x < Math.min((bx + 1) * block, width); x++) {
      yield { x, y, value: flat[y * width + x]! };
    }
  }
}

// Blocks of 32 cells and more come from the pyramid; the last column and row of them are cut off.
const places = [[0, 3, 5], [1, 7, 2], [3, 20, 11], [4, 33, 18], [5, 1, 0], [5, 4, 6], [5, 16, 9]]
  .concat([[6, 2, 3], [6, 8, 4], [7, 1, 1], [9, 1, 0], [10, 0, 0]]) as [number, number, number][];

Deno.test("a block's statistics are those of its cells, from the file and from the pyramid", () => {
  const { reader, levels, flat } = layer((i) => {
    if (i % 97 === 5) return NaN;
    if (i % 89 === 3) return Infinity;
    return i % 7 === 0 ? 0 : (hash(i) - 0.4) * (1 + i / 20_000);
  });
  for (const [log2, x, y] of places) {
    const cells = [...cellsOf(flat, log2, x, y)].map(({ value }) => value);
    const values = cells.filter(Number.isFinite);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    for (const held of log2 < levels.statsFrom ? [null, levels] : [levels]) {
      const place = `block (${x}, ${y}) of ${2 ** log2}`;
      const found = inspect(reader, held, { log2, x, y })!;
      assertEquals(found.index, [y * 2 ** log2, x * 2 ** log2], place);
      const first = cells[0]!;
      assertEquals(found.value, Number.isFinite(first) ? first : null, place);
      const { cell } = found;
      assertEquals(cell.count, values.length, place);
      assertEquals(cell.min, values.reduce((least, v) => Math.min(least, v)), place);
      assertEquals(cell.max, values.reduce((most, v) => Math.max(most, v)), place);
      assertAlmostEquals(cell.mean!, mean, 1e-5, place);
      assertAlmostEquals(cell.variance!, variance, 1e-5 * (1 + variance), place);
      const signed = values.filter((v) => v !== 0).length;
      const positive = values.filter((v) => v > 0).length / Math.max(1, signed);
      assertAlmostEquals(cell.positive!, positive, 1e-6, place);
    }
  }
});

Deno.test("a block's gradient is the mean of its cells' central differences", () => {
  const { reader, levels, flat } = layer((i) => Math.sin(i % width / 9) + hash(i) / 5);
  const at = (x: number, y: number) => flat[y * width + x]!;
  const difference = (i: number, last: number, value: (i: number) => number) => {
    const before = Math.max(0, i - 1), after = Math.min(last, i + 1);
    return (value(after) - value(before)) / (after - before);
  };
  for (const [log2, x, y] of places) {
    let sum = 0, n = 0;
    for (const cell of cellsOf(flat, log2, x, y)) {
      const across = difference(cell.x, width - 1, (i) => at(i, cell.y));
      const down = difference(cell.y, height - 1, (i) => at(cell.x, i));
      sum += Math.hypot(across, down);
      n++;
    }
    const { cell } = inspect(reader, levels, { log2, x, y })!;
    assertAlmostEquals(cell.gradient!, sum / n, 1e-4, `block (${x}, ${y}) of ${2 ** log2}`);
  }
});

Deno.test("a block of no finite value has nulls and a special first value; beyond the plane is null", () => {
  const { reader, levels } = layer((i) => i % width >= 512 ? -Infinity : 1);
  for (const [log2, x] of [[4, 32], [0, 512]] as const) {
    const { value, special, cell } = inspect(reader, levels, { log2, x, y: 1 })!;
    assertEquals([value, special], [null, "-Infinity"]);
    const { count, ...rest } = cell;
    assertEquals([count, ...new Set(Object.values(rest))], [0, null]);
  }
  assertEquals(inspect(reader, levels, { log2: 5, x: 17, y: 0 }), null);
  assertEquals(inspect(reader, levels, { log2: 5, x: 0, y: 10 }), null);
  assertEquals(inspect(reader, levels, { log2: 0, x: -1, y: 0 }), null);
});
