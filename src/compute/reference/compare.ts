import { checkCompare } from "../bounds.ts";
import type { Comparison, Target } from "../ops.ts";

const compared: Record<Comparison, (a: number, b: number) => number> = {
  difference: (a, b) => a - b,
  ratio: (a, b) => Math.log2(Math.abs(a) / Math.abs(b)),
  signs: (a, b) => {
    if (Number.isNaN(a) || Number.isNaN(b)) return NaN;
    return (a < 0 && b > 0) || (a > 0 && b < 0) ? 1 : 0;
  },
};

/** `cells` in place: each becomes what comparing it with its partner among `others` gives. */
export function compare(
  cells: Target,
  others: Target,
  width: number,
  height: number,
  how: Comparison,
): void {
  checkCompare(cells, others, width, height);
  for (let y = 0; y < height; y++) {
    const a = cells.start + y * cells.pitch, b = others.start + y * others.pitch;
    for (let x = 0; x < width; x++) {
      cells.values[a + x] = compared[how](cells.values[a + x]!, others.values[b + x]!);
    }
  }
}
