import { pack as kernel } from "../../../assembly/build/kernels.wasm";
import { checkStats } from "../bounds.ts";
import type { BlockStats } from "../ops.ts";
import { scratch } from "./memory.ts";
import { placeStats } from "./stats.ts";

/** SPEC's packed statistics, RGBA8. */
export function pack(stats: BlockStats, alpha: number, scale: number): Uint8Array {
  checkStats("pack", stats);
  const length = stats.width * stats.height;
  const pixels = scratch(length * 4);
  const { address, stride } = placeStats(stats);
  kernel(address, stride, length, alpha / scale, pixels.byteOffset);
  return pixels;
}
