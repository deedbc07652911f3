import { checkCells } from "../bounds.ts";
import type { Target } from "../ops.ts";

/** Means of the finite cells of each block, NaN where there is none. */
export function blockMeans(
  cells: Target,
  width: number,
  height: number,
  block: number,
): Float32Array {
  checkCells("blockMeans", cells, width, height, block);
  const { values, start, pitch } = cells;
  const columns = Math.ceil(width / block), rows = Math.ceil(height / block);
  const means = new Float32Array(columns * rows);
  for (let at = 0; at < means.length; at++) {
    const left = (at % columns) * block, top = Math.floor(at / columns) * block;
    let sum = 0, count = 0;
    for (let y = top; y < Math.min(top + block, height); y++) {
      for (let x = left; x < Math.min(left + block, width); x++) {
        const value = values[start + y * pitch + x]!;
        if (!Number.isFinite(value)) continue;
        sum += value;
        count++;
      }
    }
    means[at] = sum / count;
  }
  return means;
}
