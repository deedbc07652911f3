import type { Target, VoxelTarget } from "../ops.ts";
import { floats, isNear, place } from "./memory.ts";

/** Cells where kernels can reach them: those themselves, or a copy without what lies between rows. */
export function nearCells(cells: Target, width: number, height: number): Target {
  return isNear(cells.values) ? cells : nearVoxels({ ...cells, layer: 0 }, width, height, 1);
}

/** The same of voxels. */
export function nearVoxels(
  voxels: VoxelTarget,
  width: number,
  height: number,
  depth: number,
): VoxelTarget {
  if (isNear(voxels.values)) return voxels;
  const copy = roomFor(width, height, depth);
  copyVoxels(voxels, copy, width, height, depth);
  return copy;
}

/** Room for as many voxels, contents undefined. */
export const roomFor = (width: number, height: number, depth: number): VoxelTarget => ({
  values: floats(width * height * depth),
  start: 0,
  pitch: width,
  layer: width * height,
});

/** Copies voxels, row by row. */
export function copyVoxels(
  from: VoxelTarget,
  to: VoxelTarget,
  width: number,
  height: number,
  depth: number,
): void {
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const at = from.start + z * from.layer + y * from.pitch;
      const row = from.values.subarray(at, at + width);
      to.values.set(row, to.start + z * to.layer + y * to.pitch);
    }
  }
}

/** The address of the first of some near cells. */
export const addressOf = ({ values, start }: Target): number => place(values) + start * 4;
