import { stepVoxels as kernel } from "../../../assembly/build/kernels.wasm";
import { checkStepVoxels } from "../bounds.ts";
import type { BorderedVoxels, CellRule, VoxelTarget } from "../ops.ts";
import { copyVoxels } from "../voxels.ts";
import { floats, frame, isNear, place } from "./memory.ts";
import { addressOf, nearVoxels, roomLike } from "./near_cells.ts";

/** As the kernels count them. */
export const nonlinearities: Record<CellRule["nonlinearity"], number> = {
  none: 0,
  tanh: 1,
  relu: 2,
};

/** One step of an automaton whose cells have 26 neighbours. */
export function stepVoxels(
  voxels: BorderedVoxels,
  weight: VoxelTarget,
  gradient: VoxelTarget | null,
  rule: CellRule,
  out: VoxelTarget,
): void {
  checkStepVoxels(voxels, weight, gradient, out);
  const { values, width, height, depth } = voxels;
  if (width * height * depth === 0) return;
  const size = [width, height, depth] as const;
  frame(() => {
    const w = nearVoxels(weight, ...size), g = gradient && nearVoxels(gradient, ...size);
    const to = isNear(out.values) ? out : roomLike(out, ...size);
    kernel(
      place(values),
      ...size,
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
      // Three rows of sums, in whole vectors.
      floats(3 * 4 * Math.ceil((width + 2) / 4)).byteOffset,
    );
    if (to !== out) copyVoxels(to, out, ...size);
  });
}
