import { roomOfSums, stepVoxels as kernel } from "../../../assembly/build/kernels.wasm";
import { checkStepVoxels } from "../bounds.ts";
import type { BorderedVoxels, CellRule, Ends, VoxelTarget } from "../ops.ts";
import { copyVoxels } from "../voxels.ts";
import { frame, isNear, place, scratch } from "./memory.ts";
import { addressOf, nearVoxels, roomLike } from "./near_cells.ts";

/** As the kernels count them. */
export const nonlinearities: Record<CellRule["nonlinearity"], number> = {
  none: 0,
  tanh: 1,
  relu: 2,
};

/** What lies beyond rows, as the kernels count it; 0 where they have a border. */
export const endsOf = (ends?: Ends): number => ends ? { clamp: 1, wrap: 2, zero: 3 }[ends] : 0;

/** One step of an automaton whose cells have 26 neighbours. */
export function stepVoxels(
  voxels: BorderedVoxels,
  weight: VoxelTarget,
  gradient: VoxelTarget | null,
  rule: CellRule,
  out: VoxelTarget,
): void {
  checkStepVoxels(voxels, weight, gradient, out);
  const { values, width, height, depth, ends } = voxels;
  if (width * height * depth === 0) return;
  const size = [width, height, depth] as const;
  frame(() => {
    const w = nearVoxels(weight, ...size), g = gradient && nearVoxels(gradient, ...size);
    const to = isNear(out.values) ? out : roomLike(out, ...size);
    kernel(
      place(values),
      ...size,
      endsOf(ends),
      addressOf(w),
      w.pitch * 4,
      w.layer * 4,
      g ? addressOf(g) : 0,
      (g?.pitch ?? 0) * 4,
      (g?.layer ?? 0) * 4,
      rule.alpha,
      rule.beta,
      rule.gamma,
      nonlinearities[rule.nonlinearity],
      addressOf(to),
      to.pitch * 4,
      to.layer * 4,
      scratch(4 * roomOfSums(width)).byteOffset,
    );
    if (to !== out) copyVoxels(to, out, ...size);
  });
}
