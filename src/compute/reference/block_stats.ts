import { checkBlocks } from "../bounds.ts";
import type { BlockStats, Bordered } from "../ops.ts";
import { allocateStats } from "../stats.ts";
import { heap } from "./memory.ts";

/** Statistics of blocks, in float64, two passes over each block. */
export function blockStats(cells: Bordered, block: number): BlockStats {
  checkBlocks("blockStats", cells, block);
  const width = Math.ceil(cells.width / block);
  const height = Math.ceil(cells.height / block);
  const stats = allocateStats(width, height, heap);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) fill(stats, y * width + x, cells, x * block, y * block, block);
  }
  return stats;
}

function fill(
  stats: BlockStats,
  at: number,
  { values, width, height }: Bordered,
  x0: number,
  y0: number,
  block: number,
): void {
  const pitch = width + 2;
  let [count, sum, gradient, positive, zero, nan, infinite] = [0, 0, 0, 0, 0, 0, 0];
  let [min, max] = [Infinity, -Infinity];
  const finite: number[] = [];
  for (let y = y0; y < Math.min(y0 + block, height); y++) {
    for (let x = x0; x < Math.min(x0 + block, width); x++) {
      const i = (y + 1) * pitch + x + 1;
      const value = values[i]!;
      if (Number.isNaN(value)) nan++;
      else if (!Number.isFinite(value)) infinite++;
      else {
        finite.push(value);
        count++;
        sum += value;
        min = Math.min(min, value);
        max = Math.max(max, value);
        if (value > 0) positive++;
        if (value === 0) zero++;
        const gx = (values[i + 1]! - values[i - 1]!) / 2;
        const gy = (values[i + pitch]! - values[i - pitch]!) / 2;
        const magnitude = Math.sqrt(gx * gx + gy * gy);
        if (Number.isFinite(magnitude)) gradient += magnitude;
      }
    }
  }
  const mean = sum / count;
  stats.count[at] = count;
  stats.mean[at] = mean;
  stats.m2[at] = finite.reduce((total, value) => total + (value - mean) ** 2, 0);
  stats.min[at] = count > 0 ? min : NaN;
  stats.max[at] = count > 0 ? max : NaN;
  stats.gradient[at] = gradient;
  stats.positive[at] = positive;
  stats.zero[at] = zero;
  stats.nan[at] = nan;
  stats.infinite[at] = infinite;
}
