import { checkNormal } from "../bounds.ts";

/** Products with a band of rows, and with it transposed. */
export function normal(
  band: Float32Array,
  x: Float32Array,
  product: Float32Array,
  sum: Float32Array,
  vectors = 1,
): void {
  checkNormal(band, x, product, sum, vectors);
  const rows = product.length / vectors, columns = x.length / vectors;
  for (let k = 0; k < vectors; k++) {
    const from = k * columns;
    for (let row = 0; row < rows; row++) {
      let total = 0;
      for (let i = 0; i < columns; i++) total += band[row * columns + i]! * x[from + i]!;
      product[k * rows + row] = total;
      const rounded = product[k * rows + row]!;
      for (let i = 0; i < columns; i++) sum[from + i]! += rounded * band[row * columns + i]!;
    }
  }
}
