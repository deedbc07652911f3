import { checkStepCells } from "../bounds.ts";
import type { Bordered, CellRule, Target } from "../ops.ts";
import { stepper, sum3 } from "./automaton.ts";

/** One step of an automaton whose cells have eight neighbours. */
export function stepCells(
  cells: Bordered,
  weight: Target,
  gradient: Target | null,
  rule: CellRule,
  out: Target,
): void {
  checkStepCells(cells, weight, gradient, out);
  const { values, width, height } = cells;
  const pitch = width + 2, next = stepper(rule, 8);
  const of = ({ values, start, pitch }: Target, x: number, y: number) =>
    values[start + y * pitch + x]!;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y + 1) * pitch + x + 1;
      const column = (i: number) => sum3(values[i - pitch]!, values[i]!, values[i + pitch]!);
      const box = sum3(column(at - 1), column(at), column(at + 1));
      const g = gradient && of(gradient, x, y);
      out.values[out.start + y * out.pitch + x] = next(values[at]!, box, of(weight, x, y), g);
    }
  }
}
