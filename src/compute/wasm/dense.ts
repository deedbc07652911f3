import { dense as kernel } from "../../../assembly/build/kernels.wasm";
import { checkDense } from "../bounds.ts";
import type { Dense } from "../ops.ts";
import { floats, frame, isNear, place } from "./memory.ts";

/** A layer of neurons for many rows of inputs. */
export function dense(input: Float32Array, layer: Dense, relu: boolean, out: Float32Array): void {
  const rows = checkDense(input, layer, out);
  const { inputs, outputs, weights, bias } = layer, length = rows * outputs;
  frame(() => {
    const to = isNear(out) ? out : floats(length);
    const [from, w, b] = [place(input), place(weights), place(bias)];
    kernel(from, rows, inputs, w, b, outputs, relu ? 1 : 0, to.byteOffset);
    if (to !== out) out.set(to.subarray(0, length));
  });
}
