import { columnProducts, rowProducts } from "../../../assembly/build/kernels.wasm";
import { checkGemv, from } from "../matrices.ts";
import type { Operator, Target } from "../ops.ts";
import { doubles, frame, isNear, nearDoubles } from "./memory.ts";
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
  const height = Math.min(rows, 4 * Math.max(1, Math.floor(BAND / columns / 4)));
  frame(() => {
    // A vector as long as a row is placed as a whole, one as long as a column band by band.
    const given = operator === "transposed" ? null : nearDoubles(x);
    const sums = operator === "plain" ? null : nearDoubles(y);
    for (let i = 0; i < rows; i += height) {
      const count = Math.min(height, rows - i);
      frame(() => {
        const band = nearCells(from(a, i, 0), columns, count);
        const matrix = [addressOf(band), band.pitch * 4, count, columns] as const;
        const part = operator === "plain"
          ? nearDoubles(y.subarray(i, i + count))
          : operator === "transposed"
          ? nearDoubles(x.subarray(i, i + count))
          : doubles(count).fill(0);
        if (given) rowProducts(...matrix, given.byteOffset, part.byteOffset);
        if (sums) columnProducts(...matrix, part.byteOffset, sums.byteOffset);
        else if (!isNear(y)) y.set(part, i);
      });
    }
    if (sums && sums !== y) y.set(sums);
  });
}
