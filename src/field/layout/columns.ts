import { best, type Columns, gutterOf, type Shape } from "./shape.ts";
import type { Grid } from "./template.ts";

/** As many columns as give something between a row and a column of blocks. */
export function columns(grid: Grid, blocks: readonly Shape[]): Shape[] {
  const { count } = grid;
  const gutter = gutterOf(grid);
  const shapes: Columns[] = [];
  for (const block of blocks) {
    const square = Math.sqrt(count * block.height / block.width);
    let last = 0;
    for (let n = 1; n <= count; n = n < 24 ? n + 1 : Math.ceil(n * 1.1)) {
      if (count > 8 && (n < square / 3 || n > square * 3)) continue;
      const rows = Math.ceil(count / n);
      if (rows === last) continue;
      last = rows;
      const across = Math.ceil(count / rows);
      shapes.push({
        form: "columns",
        rows,
        gutter,
        block,
        faults: count * block.faults,
        width: across * (block.width + gutter) - gutter,
        height: rows * (block.height + gutter) - gutter,
      });
    }
  }
  return best(shapes);
}
