import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Bordered, CellRule, Neighboured, Ops, Target } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { assertSameBits } from "../same_bits.ts";
import { normal, withEdges } from "../samples.ts";

const kinds = ["none", "tanh", "relu"] as const;

const nonlinear: Record<CellRule["nonlinearity"], (y: number) => number> = {
  none: (y) => y,
  tanh: Math.tanh,
  relu: (y) => Math.max(0, y),
};

/** A target of its own, in the ops' scratch or not, with a margin of −77 all round. */
function targetOf(ops: Ops, width: number, height: number, near: boolean): Target {
  const pitch = width + 3, length = 2 + height * pitch + 5;
  const { buffer, byteOffset } = ops.scratch(length * 4);
  const values = near ? new Float32Array(buffer, byteOffset, length) : new Float32Array(length);
  return { values: values.fill(-77), start: 2, pitch };
}

const fieldOf = (ops: Ops, cells: Float32Array, width: number, height: number, near: boolean) => {
  const target = targetOf(ops, width, height, near);
  for (let y = 0; y < height; y++) {
    const row = cells.subarray(y * width, (y + 1) * width);
    target.values.set(row, target.start + y * target.pitch);
  }
  return target;
};

/** stepCells: bit for bit what the reference gives; that within 5e-7 of the formula in float64. */
export function conformStepCells(ops: Ops): void {
  const sizes = [[1, 1], [1, 7], [2, 3], [3, 2], [4, 1], [5, 5], [8, 3], [31, 4], [64, 9], [65, 2]];
  for (const [width, height] of sizes as [number, number][]) {
    for (const nonlinearity of kinds) {
      Deno.test(`${ops.name} stepCells() of ${width} × ${height} cells, ${nonlinearity}`, () => {
        const values = normal((width + 2) * (height + 2), width + height, 0.7);
        const w = normal(width * height, 3), g = normal(width * height, 4);
        const rule = { alpha: 0.37, beta: 0.8, gamma: -0.21, nonlinearity };
        for (const [near, driven] of [[true, true], [false, true], [true, false], [false, false]]) {
          ops.frame(() => {
            const weight = fieldOf(ops, w, width, height, near!);
            const gradient = driven ? fieldOf(ops, g, width, height, near!) : null;
            const cells = { values, width, height };
            const out = targetOf(ops, width, height, near!);
            const want = { ...out, values: out.values.slice() };
            reference.stepCells(cells, weight, gradient, rule, want);
            ops.stepCells(cells, weight, gradient, rule, out);
            assertSameBits(out.values, want.values, "the target, its margin too");
            for (let i = 0; i < width * height; i++) {
              const x = i % width, y = Math.floor(i / width);
              const formula = next(cells, x, y, rule, w[i]!, driven ? g[i]! : 0);
              const got = out.values[out.start + y * out.pitch + x]!;
              const bound = 5e-7 * Math.max(1, Math.abs(formula));
              assert(Math.abs(got - formula) <= bound, `${x}, ${y}: ${got}, formula ${formula}`);
            }
          });
        }
      });
    }
  }

  Deno.test(`${ops.name} stepCells() of NaN, ±∞ and the largest numbers at both ends`, () => {
    const [width, height] = [29, 7];
    for (const nonlinearity of kinds) {
      const rule = { alpha: 0.5, beta: 2, gamma: 0.1, nonlinearity };
      const values = withEdges((width + 2) * (height + 2), 5);
      const field = (seed: number): Target => {
        return { values: withEdges(width * height, seed), start: 0, pitch: width };
      };
      const [weight, gradient] = [field(6), field(7)];
      ops.frame(() => {
        const [want, got] = [field(8), field(8)];
        reference.stepCells({ values, width, height }, weight, gradient, rule, want);
        ops.stepCells({ values, width, height }, weight, gradient, rule, got);
        assertSameBits(got.values, want.values, nonlinearity);
        assert(got.values.some(Number.isNaN) && !got.values.every(Number.isNaN));
      });
    }
  });

  Deno.test(`${ops.name} stepCells() bends ±∞, NaN and −0 as its nonlinearity has it`, () => {
    // One cell with neighbours like itself: Δ is 0, or NaN, and 4 · x is beyond float32.
    const step = (x: number, nonlinearity: CellRule["nonlinearity"]): number => {
      const one = { values: Float32Array.of(1), start: 0, pitch: 1 };
      const out = { values: new Float32Array(1), start: 0, pitch: 1 };
      const cells = { values: new Float32Array(9).fill(0), width: 1, height: 1 };
      cells.values[4] = x;
      const rule = { alpha: 0, beta: 3, gamma: 0, nonlinearity };
      ops.frame(() => ops.stepCells(cells, one, null, rule, out));
      return out.values[0]!;
    };
    assertEquals([step(3e38, "none"), step(-3e38, "none")], [Infinity, -Infinity]);
    assertEquals([step(3e38, "tanh"), step(-3e38, "tanh"), step(2.2, "tanh")], [1, -1, 1]);
    assertEquals([step(3e38, "relu"), step(-3e38, "relu"), step(-1, "relu")], [Infinity, 0, 0]);
    for (const kind of kinds) assertEquals([step(NaN, kind), step(Infinity, kind)], [NaN, NaN]);
    assertEquals([step(2 ** -149, "none"), step(2 ** -149, "relu")], [2 ** -147, 2 ** -147]);
  });

  Deno.test(`${ops.name} stepCells() keeps a plane at rest, and where nothing is, nothing`, () => {
    const rule = { alpha: 0.5, beta: 0, gamma: 1, nonlinearity: "none" } as const;
    const field = (value: number, length = 12) => new Float32Array(length).fill(value);
    const target = (value: number): Target => ({ values: field(value), start: 0, pitch: 4 });
    const out = target(-77);
    ops.frame(() => {
      const cells = { values: field(0.1, 30), width: 4, height: 3 };
      ops.stepCells(cells, target(5), target(0), rule, out);
      for (const cell of out.values) assert(Math.abs(cell - 0.1) < 2e-8, `${cell}`);
      for (const [width, height] of [[0, 3], [3, 0], [0, 0]] as const) {
        const none = { values: field(1, (width + 2) * (height + 2)), width, height };
        ops.stepCells(none, target(1), null, rule, target(1));
      }
    });
  });

  Deno.test(`${ops.name} stepCells() refuses cells that do not exist`, () => {
    const rule = { alpha: 0.5, beta: 0, gamma: 1, nonlinearity: "none" } as const;
    const cells = { values: new Float32Array(20), width: 3, height: 2 };
    const of = (length: number): Target => ({
      values: new Float32Array(length),
      start: 0,
      pitch: 3,
    });
    const refuse = (cells: Neighboured, w: Target, g: Target | null, out: Target, text: string) =>
      assertThrows(() => ops.stepCells(cells, w, g, rule, out), RangeError, text);
    refuse({ ...cells, height: 3 }, of(9), null, of(9), "25 values; 20");
    refuse({ ...cells, width: 6, ends: "wrap" }, of(12), null, of(12), "24 values; 20");
    refuse(cells, of(5), null, of(6), "0..5 of 5");
    refuse(cells, of(6), of(5), of(6), "0..5 of 5");
    refuse(cells, of(6), null, of(5), "0..5 of 5");
  });
}

/** The formula, in float64. */
function next(
  { values, width }: Bordered,
  x: number,
  y: number,
  rule: CellRule,
  w: number,
  g: number,
): number {
  let sum = 0;
  for (const dy of [0, 1, 2]) {
    for (const dx of [0, 1, 2]) {
      if (dx !== 1 || dy !== 1) sum += values[(y + dy) * (width + 2) + x + dx]!;
    }
  }
  const cell = values[(y + 1) * (width + 2) + x + 1]!;
  const moved = cell + rule.alpha * (sum / 8 - cell) + rule.gamma * g;
  return nonlinear[rule.nonlinearity](moved * (1 + rule.beta * w));
}
