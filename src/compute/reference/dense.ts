import { checkDense } from "../bounds.ts";
import type { Dense } from "../ops.ts";

const { fround } = Math;

/** A layer of neurons for many rows of inputs. */
export function dense(input: Float32Array, layer: Dense, relu: boolean, out: Float32Array): void {
  const rows = checkDense(input, layer, out);
  const { inputs, outputs, weights, bias } = layer;
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < outputs; j++) {
      let sum = bias[j]!;
      for (let k = 0; k < inputs; k++) {
        sum = fround(sum + fround(input[row * inputs + k]! * weights[k * outputs + j]!));
      }
      out[row * outputs + j] = relu && sum < 0 ? 0 : sum;
    }
  }
}
