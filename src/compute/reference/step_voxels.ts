import { checkStepVoxels } from "../bounds.ts";
import type { BorderedVoxels, CellRule, VoxelTarget } from "../ops.ts";
import { columnOf, stepper, sum3 } from "./automaton.ts";

/** One step of an automaton whose cells have 26 neighbours. */
export function stepVoxels(
  voxels: BorderedVoxels,
  weight: VoxelTarget,
  gradient: VoxelTarget | null,
  rule: CellRule,
  out: VoxelTarget,
): void {
  const pitch = checkStepVoxels(voxels, weight, gradient, out);
  const { values, width, height, depth } = voxels;
  const layer = pitch * (height + 2), next = stepper(rule, 26);
  const along = (i: number) => sum3(values[i - layer]!, values[i]!, values[i + layer]!);
  const square = (i: number) => sum3(along(i - pitch), along(i), along(i + pitch));
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const row = (z + 1) * layer + (y + 1) * pitch, at = row + columnOf(voxels, x);
        const sum = (x: number) => {
          const place = columnOf(voxels, x);
          return place < 0 ? 0 : square(row + place);
        };
        const index = (target: VoxelTarget) =>
          target.start + z * target.layer + y * target.pitch + x;
        const box = sum3(sum(x - 1), sum(x), sum(x + 1));
        const w = weight.values[index(weight)]!;
        const g = gradient && gradient.values[index(gradient)]!;
        out.values[index(out)] = next(values[at]!, box, w, g);
      }
    }
  }
}
