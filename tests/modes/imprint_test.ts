import { assert, assertEquals } from "@std/assert";
import { wasm } from "../../src/compute/wasm.ts";
import { Canvas } from "../../src/field/canvas.ts";
import type { Region } from "../../src/field/automaton/region.ts";
import { imprintFields } from "../../src/modes/imprint.ts";
import type { Facts } from "../../src/modes/mode.ts";
import { unknownScale } from "../../src/tile/sample.ts";
import { readerOf, tensorOf } from "../field/planes.ts";
import { hash } from "../tile/models.ts";

// Odd sides, so that the last blocks have fewer cells.
const width = 301, height = 401;
const made = tensorOf([height, width], (i) => i === 3 * width + 5 ? Infinity : hash(i) - 0.4);
const facts: Facts = {
  scale: { ...unknownScale, robust: 0.25 },
  channels: {
    norms: Float32Array.from({ length: height }, (_, y) => 1 + y),
    dominant: {
      left: Float32Array.from({ length: height }, (_, y) => y - 9),
      right: Float32Array.from({ length: width }, (_, x) => 1 / (1 + x)),
    },
  },
};
const valueAt = (x: number, y: number) => made.flat[y * width + x]!;

/** Half the difference of a cell's neighbours; at an edge that of the cell and its one neighbour. */
function slope(at: (i: number) => number, i: number, count: number): number {
  const [low, high] = [Math.max(0, i - 1), Math.min(count - 1, i + 1)];
  return (at(high) - at(low)) / (high - low);
}

/** The five numbers of a block, by brute force. */
function blockAt(x: number, y: number, side: number): number[] {
  const cells: [number, number][] = [];
  for (let j = y * side; j < Math.min(height, (y + 1) * side); j++) {
    for (let i = x * side; i < Math.min(width, (x + 1) * side); i++) cells.push([i, j]);
  }
  const values = cells.map(([i, j]) => valueAt(i, j)).filter(Number.isFinite);
  const slopes = cells.map(([i, j]) =>
    Math.hypot(
      slope((i) => valueAt(i, j), i, width),
      slope((j) => valueAt(i, j), j, height),
    )
  );
  const s = facts.scale.robust, mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const gradient = slopes.filter(Number.isFinite).reduce((a, b) => a + b, 0) / values.length;
  const [i, j] = [Math.floor((x + 0.5) * side), Math.floor((y + 0.5) * side)];
  const row = Math.min(height - 1, j), column = Math.min(width - 1, i);
  const { left, right } = facts.channels!.dominant!;
  const all = [mean / s, Math.sqrt(squares) / s, gradient / s, (1 + row) / height];
  return [...all, Math.abs(left[row]! * right[column]!) / s].map((value) =>
    Number.isFinite(value) ? value : 0
  );
}

for (const log2 of [0, 1, 3]) {
  Deno.test(`cells of 2^${log2} a side are imprinted around the plane's edges, as brute force has it`, () => {
    const side = 2 ** log2, [across, down] = [Math.ceil(width / side), Math.ceil(height / side)];
    const size = { width: across, height: down, columns: across, rows: down };
    const canvas = new Canvas(readerOf(made, undefined, wasm), null, { log2, x: 0, y: 0, ...size });
    // Once around and more along both axes: rows of 2^16 cells and more of them.
    const region: Region = [{ first: -7, count: across + 11 }, { first: 5, count: down + 3 }];
    const state = imprintFields(canvas, region, [0, 1, 2, 3, 4], true, facts);
    assertEquals([state.size, state.step], [[across, down], 0]);
    for (const [field, values] of state.fields.entries()) {
      assertEquals(values.length, (across + 11) * (down + 3));
      for (let i = 0; i < values.length; i += 13) {
        const x = (i % (across + 11) - 7 + across) % across;
        const y = (Math.floor(i / (across + 11)) + 5) % down;
        const want = blockAt(x, y, side)[field]!, off = Math.abs(values[i]! - want);
        assert(off <= 2e-5 * (1 + Math.abs(want)), `field ${field} at ${x}, ${y}: ${values[i]}`);
      }
    }
    assertEquals(state.weight.values, state.fields[3]);
    assertEquals(state.gradient.values, state.fields[2]);
    const still = imprintFields(canvas, region, [0], false, facts);
    assertEquals(still.fields, [state.fields[0]!]);
    assertEquals(still.weight.values, state.fields[3]);
  });
}
