import { roomOfSums, stepCells as kernel } from "../../../assembly/build/kernels.wasm";
import { checkStepCells } from "../bounds.ts";
import type { CellRule, Neighboured, Target } from "../ops.ts";
import { copyVoxels } from "../voxels.ts";
import { frame, isNear, place, scratch } from "./memory.ts";
import { addressOf, nearCells, roomLike } from "./near_cells.ts";
import { endsOf, nonlinearities } from "./step_voxels.ts";

/** One step of an automaton whose cells have eight neighbours. */
export function stepCells(
  cells: Neighboured,
  weight: Target,
  gradient: Target | null,
  rule: CellRule,
  out: Target,
): void {
  checkStepCells(cells, weight, gradient, out);
  const { values, width, height, ends } = cells;
  if (width * height === 0) return;
  frame(() => {
    const w = nearCells(weight, width, height), g = gradient && nearCells(gradient, width, height);
    const to = isNear(out.values) ? out : roomLike({ ...out, layer: 0 }, width, height, 1);
    kernel(
      place(values),
      width,
      height,
      endsOf(ends),
      addressOf(w),
      w.pitch * 4,
      g ? addressOf(g) : 0,
      (g?.pitch ?? 0) * 4,
      rule.alpha,
      rule.beta,
      rule.gamma,
      nonlinearities[rule.nonlinearity],
      addressOf(to),
      to.pitch * 4,
      scratch(roomOfSums(width)).byteOffset,
    );
    if (to !== out) copyVoxels({ ...to, layer: 0 }, { ...out, layer: 0 }, width, height, 1);
  });
}
