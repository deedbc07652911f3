import type { Target, VoxelTarget } from "../ops.ts";
import { copyVoxels } from "../voxels.ts";
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
  const copy = roomLike(voxels, width, height, depth);
  copyVoxels(voxels, copy, width, height, depth);
  return copy;
}

/**
 * Room for as many voxels, contents undefined, whose rows begin at as even places as those of `like`: shared
 * memory is copied in words where both sides begin alike, else byte by byte.
 */
export function roomLike(
  { values, start, pitch, layer }: VoxelTarget,
  width: number,
  height: number,
  depth: number,
): VoxelTarget {
  const as = (length: number, other: number) => length + (length + other) % 2;
  const rows = as(width, pitch), layers = as(rows * height, layer);
  return {
    values: floats(1 + layers * depth),
    start: (values.byteOffset / 4 + start) % 2,
    pitch: rows,
    layer: layers,
  };
}

/** The address of the first of some near cells. */
export const addressOf = ({ values, start }: Target): number => place(values) + start * 4;
