import { columnProducts, rowProducts } from "../../../assembly/build/kernels.wasm";
import { checkGemv, from } from "../matrices.ts";
import type { Operator, Target } from "../ops.ts";
import { doubles, frame, nearDoubles } from "./memory.ts";
import { addressOf, nearCells } from "./near_cells.ts";

/** Numbers of a band of rows: it stays in the second-level cache from its copying to its last use. */
const BAND = 1 << 16;

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
  if (rows * columns === 0) return;
  frame(() => {
    const height = Math.min(rows, 4 * Math.max(1, Math.floor(BAND / columns / 4)));
    const [given, sums, between] = [nearDoubles(x), nearDoubles(y), doubles(height)];
    for (let i = 0; i < rows; i += height) {
      const count = Math.min(height, rows - i);
      frame(() => {
        const band = nearCells(from(a, i, 0), columns, count);
        const matrix = [addressOf(band), band.pitch * 4, count, columns] as const;
        const [input, output] = [given.byteOffset, sums.byteOffset];
        if (operator === "plain") rowProducts(...matrix, input, output + i * 8);
        else if (operator === "transposed") columnProducts(...matrix, input + i * 8, output);
        else {
          rowProducts(...matrix, input, between.fill(0).byteOffset);
          columnProducts(...matrix, between.byteOffset, output);
        }
      });
    }
    if (sums !== y) y.set(sums);
  });
}
