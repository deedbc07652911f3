import { checkGram } from "../matrices.ts";
import type { Target } from "../ops.ts";

/** Adds A·Aᵀ, or AᵀA, to the lower triangle of `out`. */
export function gram(
  a: Target,
  rows: number,
  columns: number,
  lines: "rows" | "columns",
  out: Float64Array,
): void {
  checkGram(a, rows, columns, lines, out);
  const { values, start, pitch } = a;
  const [count, length] = lines === "rows" ? [rows, columns] : [columns, rows];
  const [line, along] = lines === "rows" ? [pitch, 1] : [1, pitch];
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < length; k++) {
        sum += values[start + i * line + k * along]! * values[start + j * line + k * along]!;
      }
      out[i * count + j]! += sum;
    }
  }
}
