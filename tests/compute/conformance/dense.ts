import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Ops } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { assertSameBits } from "../same_bits.ts";
import { normal, withEdges } from "../samples.ts";

/** dense: bit for bit what the reference gives; that within 1e-5 of sums in float64. */
export function conformDense(ops: Ops): void {
  const sizes = [[1, 1, 1], [2, 3, 5], [3, 48, 128], [5, 7, 16], [1, 5, 23], [4, 9, 35], [0, 4, 4]];
  for (const [rows, inputs, outputs] of sizes as [number, number, number][]) {
    Deno.test(`${ops.name} dense() of ${rows} rows from ${inputs} to ${outputs}`, () => {
      const weights = normal(inputs * outputs, 2), bias = normal(outputs, 3);
      const layer = { inputs, outputs, weights, bias };
      for (const input of [normal(rows * inputs, 1), withEdges(rows * inputs, 1)]) {
        for (const relu of [true, false]) {
          const [want, got] = [0, 1].map(() => new Float32Array(rows * outputs + 2).fill(-77));
          reference.dense(input, layer, relu, want!);
          ops.frame(() => ops.dense(input, layer, relu, got!));
          assertSameBits(got!, want!, relu ? "relu" : "linear");
          assertEquals([...got!.subarray(rows * outputs)], [-77, -77]);
          for (let i = 0; i < rows * outputs && input.every(Number.isFinite); i++) {
            const row = Math.floor(i / outputs), j = i % outputs;
            let sum = bias[j]!;
            for (let k = 0; k < inputs; k++) {
              sum += input[row * inputs + k]! * weights[k * outputs + j]!;
            }
            if (Math.abs(sum) > 1e30) continue;
            assert(Math.abs(got![i]! - (relu ? Math.max(0, sum) : sum)) <= 1e-5 * inputs, `${sum}`);
          }
        }
      }
    });
  }

  Deno.test(`${ops.name} dense() refuses sizes that do not fit`, () => {
    const floats = (length: number) => new Float32Array(length);
    const layer = { inputs: 3, outputs: 2, weights: floats(6), bias: floats(2) };
    const refuse = (input: number, change: Partial<typeof layer>, out: number, text: string) =>
      assertThrows(
        () => ops.dense(floats(input), { ...layer, ...change }, false, floats(out)),
        RangeError,
        text,
      );
    refuse(4, {}, 4, "4 inputs");
    refuse(6, { weights: floats(5) }, 4, "got 5 and 2");
    refuse(6, { bias: floats(3) }, 4, "got 6 and 3");
    refuse(6, {}, 3, "2 × 2 outputs, room for 3");
  });
}
