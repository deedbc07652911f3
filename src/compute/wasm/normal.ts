import { normal as kernel } from "../../../assembly/build/kernels.wasm";
import { checkNormal } from "../bounds.ts";
import { floats, frame, isNear, place } from "./memory.ts";

/** Products with a band of rows, and with it transposed. */
export function normal(
  band: Float32Array,
  x: Float32Array,
  product: Float32Array,
  sum: Float32Array,
): void {
  checkNormal(band, x, product, sum);
  const rows = product.length, columns = x.length;
  frame(() => {
    const to = isNear(product) ? product : floats(rows), total = place(sum);
    kernel(place(band), rows, columns, place(x), to.byteOffset, total);
    if (to !== product) product.set(to);
    if (!isNear(sum)) sum.set(new Float32Array(to.buffer, total, columns));
  });
}
