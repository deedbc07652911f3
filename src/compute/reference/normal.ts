import { checkNormal } from "../bounds.ts";

/** Products with a band of rows, and with it transposed. */
export function normal(
  band: Float32Array,
  x: Float32Array,
  product: Float32Array,
  sum: Float32Array,
): void {
  checkNormal(band, x, product, sum);
  const n = x.length;
  for (let row = 0; row < product.length; row++) {
    let total = 0;
    for (let i = 0; i < n; i++) total += band[row * n + i]! * x[i]!;
    product[row] = total;
    for (let i = 0; i < n; i++) sum[i]! += product[row]! * band[row * n + i]!;
  }
}
