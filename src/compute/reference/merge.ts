import { checkStats } from "../bounds.ts";
import type { BlockStats } from "../ops.ts";
import { allocateStats } from "../stats.ts";
import { heap } from "./memory.ts";

/**
 * Merges 2×2 blocks into one; at odd edges the blocks that exist. Means and sums of squares as
 * Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
 * Variances" (1979), for up to four parts at once.
 */
export function merge(stats: BlockStats): BlockStats {
  checkStats("merge", stats);
  const merged = allocateStats(Math.ceil(stats.width / 2), Math.ceil(stats.height / 2), heap);
  for (let y = 0; y < merged.height; y++) {
    for (let x = 0; x < merged.width; x++) {
      const parts = [[0, 0], [1, 0], [0, 1], [1, 1]]
        .map(([dx, dy]) => ({ x: 2 * x + dx!, y: 2 * y + dy! }))
        .filter((part) => part.x < stats.width && part.y < stats.height)
        .map((part) => part.y * stats.width + part.x);
      mergeParts(merged, y * merged.width + x, stats, parts);
    }
  }
  return merged;
}

function mergeParts(merged: BlockStats, at: number, stats: BlockStats, parts: number[]): void {
  const total = (figures: Float32Array | Uint32Array) =>
    parts.reduce((sum, part) => sum + figures[part]!, 0);
  const filled = parts.filter((part) => stats.count[part]! > 0);
  const count = total(stats.count);
  const mean = filled.reduce((sum, part) => sum + stats.count[part]! * stats.mean[part]!, 0) /
    count;
  const between = filled.reduce(
    (sum, part) => sum + stats.count[part]! * (stats.mean[part]! - mean) ** 2,
    0,
  );
  merged.count[at] = count;
  merged.mean[at] = mean;
  merged.m2[at] = total(stats.m2) + between;
  merged.min[at] = count > 0 ? Math.min(...filled.map((part) => stats.min[part]!)) : NaN;
  merged.max[at] = count > 0 ? Math.max(...filled.map((part) => stats.max[part]!)) : NaN;
  merged.gradient[at] = total(stats.gradient);
  merged.positive[at] = total(stats.positive);
  merged.zero[at] = total(stats.zero);
  merged.nan[at] = total(stats.nan);
  merged.infinite[at] = total(stats.infinite);
}
