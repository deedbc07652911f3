import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ops } from "../../../src/analysis/network/table.ts";
import { sizeOf } from "../../../src/analysis/network/tensor.ts";
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
