import { normal as one, normalPair as two } from "../../../assembly/build/kernels.wasm";
import { checkNormal } from "../bounds.ts";
import { floats, frame, isNear, place } from "./memory.ts";

/** Products with a band of rows, and with it transposed; two vectors at a time. */
export function normal(
  band: Float32Array,
  x: Float32Array,
  product: Float32Array,
  sum: Float32Array,
  vectors = 1,
): void {
  checkNormal(band, x, product, sum, vectors);
  const rows = product.length / vectors, columns = x.length / vectors;
  frame(() => {
    const to = isNear(product) ? product : floats(product.length), total = place(sum);
    const rowsFrom = place(band), from = place(x);
    for (let i = 0; i < vectors; i += 2) {
      const kernel = i + 1 < vectors ? two : one, row = 4 * i * columns;
      kernel(rowsFrom, rows, columns, from + row, to.byteOffset + 4 * i * rows, total + row);
    }
    if (to !== product) product.set(to);
    if (!isNear(sum)) sum.set(new Float32Array(to.buffer, total, sum.length));
  });
}
