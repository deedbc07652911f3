import { checkGemv } from "../matrices.ts";
import type { Operator, Target } from "../ops.ts";

/** y += A·x, Aᵀ·x or AᵀA·x. */
export function gemv(
  a: Target,
  rows: number,
  columns: number,
  operator: Operator,
  x: Float64Array,
  y: Float64Array,
): void {
  checkGemv(a, rows, columns, operator, x, y);
  for (let i = 0; i < rows; i++) {
    const row = a.values.subarray(a.start + i * a.pitch).subarray(0, columns);
    const product = operator === "transposed"
      ? x[i]!
      : row.reduce((sum, v, j) => sum + v * x[j]!, 0);
    if (operator === "plain") y[i]! += product;
    else for (let j = 0; j < columns; j++) y[j]! += row[j]! * product;
  }
}
