import fc from "fast-check";
import type { CellRule, Ops } from "../../src/compute/ops.ts";
import { reference } from "../../src/compute/reference.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { assertSameBits } from "./same_bits.ts";
import { normal } from "./samples.ts";

const strength = fc.double({ min: -2, max: 2, noNaN: true });
const rule = fc.record({
  alpha: strength,
  beta: strength,
  gamma: strength,
  nonlinearity: fc.constantFrom("none" as const, "tanh" as const, "relu" as const),
});
const edge = fc.constantFrom("clamp" as const, "wrap" as const, "zero" as const);

/** Where along an axis of `size` the neighbour i is, −1 if it is nowhere. */
function along(edges: "clamp" | "wrap" | "zero", i: number, size: number): number {
  if (i >= 0 && i < size) return i;
  if (edges === "zero") return -1;
  return edges === "wrap" ? (i + size) % size : Math.min(size - 1, Math.max(0, i));
}

/** The state after some steps. */
function run(
  ops: Ops,
  steps: number,
  [width, height, depth]: readonly [number, number, number],
  start: Float32Array,
  how: CellRule,
  edges: "clamp" | "wrap" | "zero",
  flat: boolean,
): Float32Array {
  const target = (values: Float32Array) => {
    return { values, start: 0, pitch: width, layer: width * height };
  };
  const weight = target(normal(start.length, 1)), gradient = target(normal(start.length, 2));
  let state = start;
  for (let t = 0; t < steps; t++) {
    const [w2, h2, d2] = [width + 2, height + 2, flat ? 1 : depth + 2];
    const values = Float32Array.from({ length: w2 * h2 * d2 }, (_, i) => {
      const x = along(edges, i % w2 - 1, width);
      const y = along(edges, Math.floor(i / w2) % h2 - 1, height);
      const z = flat ? 0 : along(edges, Math.floor(i / (w2 * h2)) - 1, depth);
      return Math.min(x, y, z) < 0 ? 0 : state[(z * height + y) * width + x]!;
    });
    const out = target(new Float32Array(start.length));
    const voxels = { values, width, height, depth };
    if (flat) ops.frame(() => ops.stepCells(voxels, weight, gradient, how, out));
    else ops.frame(() => ops.stepVoxels(voxels, weight, gradient, how, out));
    state = out.values;
  }
  return state;
}

for (const flat of [true, false]) {
  const name = flat ? "stepCells" : "stepVoxels";
  Deno.test(`${name}() of both backends is the same to the bit after 200 steps, whatever the rule`, () => {
    const side = fc.integer({ min: 1, max: flat ? 21 : 7 });
    const depth = flat ? fc.constant(1) : side;
    const agree = fc.property(
      fc.tuple(side, side, depth),
      rule,
      edge,
      fc.nat(1000),
      (size, how, edges, seed) => {
        const start = normal(size[0] * size[1] * size[2], seed, 0.5);
        const got = run(wasm, 200, size, start, how, edges, flat);
        assertSameBits(got, run(reference, 200, size, start, how, edges, flat), name);
      },
    );
    fc.assert(agree, { numRuns: 30 });
  });
}
