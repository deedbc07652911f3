import { checkStepCells } from "../bounds.ts";
import type { CellRule, Neighboured, Target } from "../ops.ts";
import { columnOf, stepper, sum3 } from "./automaton.ts";

/** One step of an automaton whose cells have eight neighbours. */
export function stepCells(
  cells: Neighboured,
  weight: Target,
  gradient: Target | null,
  rule: CellRule,
  out: Target,
): void {
  const pitch = checkStepCells(cells, weight, gradient, out);
  const { values, width, height } = cells, next = stepper(rule, 8);
  const of = ({ values, start, pitch }: Target, x: number, y: number) =>
    values[start + y * pitch + x]!;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = (y + 1) * pitch, at = row + columnOf(cells, x);
      const column = (x: number) => {
        const place = columnOf(cells, x), i = row + place;
        return place < 0 ? 0 : sum3(values[i - pitch]!, values[i]!, values[i + pitch]!);
      };
      const box = sum3(column(x - 1), column(x), column(x + 1));
      const g = gradient && of(gradient, x, y);
      out.values[out.start + y * out.pitch + x] = next(values[at]!, box, of(weight, x, y), g);
    }
  }
}
