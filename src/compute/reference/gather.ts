import { checkGather } from "../bounds.ts";
import type { Target } from "../ops.ts";

/** Picks cells: `target(x, y) = values[rows[y] + columns[x]]`. */
export function gather(
  values: Float32Array,
  rows: Int32Array,
  columns: Int32Array,
  target: Target,
): void {
  checkGather(values, rows, columns, target);
  for (const [y, row] of rows.entries()) {
    for (const [x, column] of columns.entries()) {
      target.values[target.start + y * target.pitch + x] = values[row + column]!;
    }
  }
}
