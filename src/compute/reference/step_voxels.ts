import { checkStepVoxels } from "../bounds.ts";
import type { BorderedVoxels, CellRule, VoxelTarget } from "../ops.ts";
import { stepper, sum3 } from "./automaton.ts";

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
  const pitch = width + 2, layer = pitch * (height + 2), next = stepper(rule, 26);
  const along = (i: number) => sum3(values[i - layer]!, values[i]!, values[i + layer]!);
  const square = (i: number) => sum3(along(i - pitch), along(i), along(i + pitch));
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = (z + 1) * layer + (y + 1) * pitch + x + 1;
        const index = (target: VoxelTarget) =>
          target.start + z * target.layer + y * target.pitch + x;
        const box = sum3(square(at - 1), square(at), square(at + 1));
        const w = weight.values[index(weight)]!;
        const g = gradient && gradient.values[index(gradient)]!;
        out.values[index(out)] = next(values[at]!, box, w, g);
      }
    }
  }
}
