import { merge as kernel } from "../../../assembly/build/kernels.wasm";
import { checkStats } from "../bounds.ts";
import type { BlockStats } from "../ops.ts";
import { nearStats, placeStats } from "./stats.ts";

/** Merges 2×2 blocks into one. */
export function merge(stats: BlockStats): BlockStats {
  checkStats("merge", stats);
  const { width, height } = stats;
  const merged = nearStats(Math.ceil(width / 2), Math.ceil(height / 2));
  const { address, stride } = placeStats(stats);
  kernel(address, stride, width, height, merged.address, merged.stride);
  return merged.stats;
}
