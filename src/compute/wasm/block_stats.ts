import { blockStats as kernel } from "../../../assembly/build/kernels.wasm";
import { checkBlocks } from "../bounds.ts";
import type { BlockStats, Bordered } from "../ops.ts";
import { place } from "./memory.ts";
import { nearStats } from "./stats.ts";

/** Statistics of blocks, in SIMD where all values are finite, else in float64. */
export function blockStats(cells: Bordered, block: number): BlockStats {
  checkBlocks("blockStats", cells, block);
  const { values, width, height } = cells;
  const near = nearStats(Math.ceil(width / block), Math.ceil(height / block));
  kernel(place(values), width, height, block, near.address, near.stride);
  return near.stats;
}
