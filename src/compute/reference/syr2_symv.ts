import { checkSyr2Symv } from "../matrices.ts";
import type { Symmetric } from "../ops.ts";

/** A −= v·wᵀ + w·vᵀ, then y += A·x. */
export function syr2Symv(
  a: Symmetric,
  v: Float64Array,
  w: Float64Array,
  x: Float64Array,
  y: Float64Array,
): void {
  checkSyr2Symv(a, v, w, x, y);
  const { values, side, pitch } = a;
  for (let i = 0; i < side; i++) {
    for (let j = 0; j <= i; j++) {
      const value = values[i * pitch + j]! - (v[i]! * w[j]! + w[i]! * v[j]!);
      values[i * pitch + j] = value;
      y[i]! += value * x[j]!;
      if (j < i) y[j]! += value * x[i]!;
    }
  }
}
