import { syr2Symv as kernel } from "../../../assembly/build/kernels.wasm";
import { checkSyr2Symv } from "../matrices.ts";
import type { Symmetric } from "../ops.ts";
import { frame, nearDoubles } from "./memory.ts";

/** A −= v·wᵀ + w·vᵀ, then y += A·x; what lies elsewhere is copied there and back. */
export function syr2Symv(
  a: Symmetric,
  v: Float64Array,
  w: Float64Array,
  x: Float64Array,
  y: Float64Array,
): void {
  checkSyr2Symv(a, v, w, x, y);
  const { values, side, pitch } = a;
  if (side === 0) return;
  frame(() => {
    const near = nearDoubles(values), sums = nearDoubles(y);
    const [from, to, by] = [v, w, x].map((each) => nearDoubles(each).byteOffset);
    kernel(near.byteOffset, pitch * 8, side, from!, to!, by!, sums.byteOffset);
    if (near !== values) values.set(near);
    if (sums !== y) y.set(sums);
  });
}
