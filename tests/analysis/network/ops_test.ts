import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ops } from "../../../src/analysis/network/table.ts";
import type { Attributes } from "../../../src/analysis/network/op.ts";
import { sizeOf, type Tensor } from "../../../src/analysis/network/tensor.ts";
import { BadRequest } from "../../../src/errors.ts";
import { cases, inputsOf, randomly } from "./cases.ts";
import { double } from "./double.ts";

/** Operations whose results do not change with inputs, or in jumps. */
const flat = ["Equal", "Greater", "Less", "Shape", "ConstantOfShape"];

for (const [name, given] of Object.entries(cases)) {
  Deno.test(`${name}: vector-Jacobian products are what central differences say`, () =>
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(...given), (seed, chosen) => {
        const { attributes = {}, by = [0], outputs = 1 } = chosen;
        const next = randomly(seed), op = ops.get(name)!, count = 2;
        const inputs = inputsOf(chosen, next);
        const call = { attributes, inputs, count: outputs };
        const results = op.forward(call, double);
        assertEquals(results.length, outputs);
        for (const { shape, values } of results) assertEquals(values.length, sizeOf(shape));
        const cotangents = results.map(({ values }) =>
          Float64Array.from({ length: count * values.length }, next)
        );
        for (const which of by) {
          const reached = op.vjp!(
            { ...call, outputs: results },
            { count, of: cotangents },
            which,
            double,
          );
          const { values } = inputs[which]!;
          assertEquals(reached.length, count * values.length);
          for (let i = 0; i < values.length; i++) {
            const step = 1e-5, before = values[i]!;
            const moved = [step, -step].map((by) => {
              values[i] = before + by;
              return op.forward(call, double).map(({ values }) => values.slice());
            });
            values[i] = before;
            for (let k = 0; k < count; k++) {
              let expected = 0;
              for (const [o, { values: { length } }] of results.entries()) {
                for (let j = 0; j < length; j++) {
                  const slope = (moved[0]![o]![j]! - moved[1]![o]![j]!) / (2 * step);
                  expected += cotangents[o]![k * length + j]! * slope;
                }
              }
              const found = reached[k * values.length + i]!;
              const what = `${
                JSON.stringify(chosen)
              } by input ${which}, element ${i}, seed ${seed}`;
              assertAlmostEquals(found, expected, 1e-6 * (1 + Math.abs(expected)), what);
            }
          }
        }
      }),
      // Always the same: now and then two numbers of a window are nearer than a difference's step.
      { numRuns: 30 * given.length, seed: 6 },
    ));
}

Deno.test("every operation is differentiated in a test, or has no derivative", () => {
  for (const [name, { vjp }] of ops) {
    assert(vjp ? name in cases : flat.includes(name), name);
  }
});

const line = (...values: number[]): Tensor => ({
  shape: [1, 1, values.length],
  values: Float64Array.from(values),
});

/** What comes of inputs, and of a cotangent of ones by the first of them. */
function both(name: string, attributes: Attributes, ...inputs: Tensor[]): [number[], number[]] {
  const op = ops.get(name)!, call = { attributes, inputs, count: 1 };
  const outputs = op.forward(call, double), [{ values }] = outputs as [Tensor];
  const of = [Float64Array.from(values, () => 1)];
  return [[...values], [...op.vjp!({ ...call, outputs }, { count: 1, of }, 0, double)]];
}

Deno.test("functions and their slopes stay right far from 0", () => {
  const far = line(-800, -30, 30, 800);
  const steps: [number[], number[]] = [[0, 0, 30, 800], [0, 0, 1, 1]];
  for (const name of ["Relu", "Gelu", "Softplus", "Mish", "HardSwish"]) {
    for (const approximate of name === "Gelu" ? ["none", "tanh"] : ["none"]) {
      for (const [which, found] of both(name, { approximate }, far).entries()) {
        for (const [i, value] of found.entries()) {
          assertAlmostEquals(value, steps[which]![i]!, 1e-9, `${name} ${approximate}`);
        }
      }
    }
  }
  for (const [name, low] of [["Sigmoid", 0], ["Tanh", -1], ["Erf", -1], ["Softmax", 0]] as const) {
    const [values, slopes] = both(name, {}, name === "Softmax" ? line(-800, 0, 800, -30) : far);
    const ends = name === "Softmax" ? [0, 0, 1, 0] : [low, low, 1, 1];
    for (const [i, value] of values.entries()) assertAlmostEquals(value, ends[i]!, 1e-12, name);
    for (const slope of slopes) assertAlmostEquals(slope, 0, 1e-12, name);
  }
  assertEquals(both("LogSoftmax", {}, line(0, 800))[0], [-800, 0]);
});

Deno.test("a NaN stays one", () => {
  for (
    const [name, attributes, ...more] of [
      ["Relu", {}],
      ["Clip", { min: -1, max: 1 }],
      ["Max", {}, line(1, 1)],
      ["Min", {}, line(1, 1)],
      ["MaxPool", { kernel_shape: [2] }],
      ["GlobalMaxPool", {}],
    ] as const
  ) {
    for (const given of [line(NaN, 2), line(2, NaN)]) {
      for (const inputs of [[given, ...more], [...more, given]]) {
        const [values] = both(name, attributes, ...inputs);
        assert(values.some(Number.isNaN), `${name} of ${given.values}: ${values}`);
      }
    }
  }
});

Deno.test("of equal numbers the first counts, and at a power of 0 nothing changes", () => {
  assertEquals(both("MaxPool", { kernel_shape: [2], strides: [2] }, line(3, 3, 1, 2))[1], [
    1,
    0,
    0,
    1,
  ]);
  assertEquals(both("Max", {}, line(3, 1), line(3, 2))[1], [1, 0]);
  assertEquals(both("Pow", {}, line(0, 2), line(0, 0)), [[1, 1], [0, 0]]);
});

Deno.test("whole numbers change with nothing, and sides of 0 may be meant so", () => {
  const [INT64, BOOL] = [7, 9];
  assertEquals(both("Cast", { to: INT64 }, line(-1.5, 2.5)), [[-1, 2], [0, 0]]);
  assertEquals(both("Cast", { to: BOOL }, line(0, 2.5)), [[0, 1], [0, 0]]);
  const empty = { shape: [0, 3], values: new Float64Array() }, shape = [3, 0];
  const reshaped = (allowzero: number) =>
    ops.get("Reshape")!.forward(
      { attributes: { shape, allowzero }, inputs: [empty] },
      double,
    )[0]!.shape;
  assertEquals(reshaped(1), [3, 0]);
  assertThrows(
    () =>
      ops.get("Reshape")!.forward(
        { attributes: { shape, allowzero: 1 }, inputs: [line(1)] },
        double,
      ),
    BadRequest,
    "[1,1,1] cannot become [3,0]",
  );
});

Deno.test("pools that round up begin no window behind the picture", () => {
  const x = { shape: [1, 1, 3], values: Float64Array.of(1, -2, 3) };
  const sizes = { kernel_shape: [2], strides: [2], pads: [1, 1], ceil_mode: 1 };
  const pooled = (name: string, attributes = {}) =>
    ops.get(name)!.forward({ attributes: { ...sizes, ...attributes }, inputs: [x] }, double)[0]!;
  // As PyTorch has it: a third window would begin at the second place behind.
  assertEquals(pooled("MaxPool"), { shape: [1, 1, 2], values: Float64Array.of(1, 3) });
  assertEquals(pooled("AveragePool").values, Float64Array.of(1, 0.5));
  const padded = pooled("AveragePool", { count_include_pad: 1 });
  assertEquals(padded.values, Float64Array.of(0.5, 0.5));
});
