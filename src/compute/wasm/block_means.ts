import { blockMeans as kernel } from "../../../assembly/build/kernels.wasm";
import { checkCells } from "../bounds.ts";
import type { Target } from "../ops.ts";
import { floats, place } from "./memory.ts";

/** Means of the finite cells of each block, NaN where there is none. */
export function blockMeans(
  cells: Target,
  width: number,
  height: number,
  block: number,
): Float32Array {
  checkCells("blockMeans", cells, width, height, block);
  const means = floats(Math.ceil(width / block) * Math.ceil(height / block));
  const values = place(cells.values) + cells.start * 4;
  const sums = floats(width + 8);
  kernel(values, cells.pitch, width, height, block, sums.byteOffset, means.byteOffset);
  return means;
}
