import type { BlockStats } from "../ops.ts";
import { allocateStats } from "../stats.ts";
import { floats, isNear, words } from "./memory.ts";

/** Statistics whose ten arrays lie `stride` bytes apart from `address` on, as kernels take them. */
export interface NearStats {
  readonly stats: BlockStats;
  readonly address: number;
  readonly stride: number;
}

/** Room for the statistics of a grid of blocks. */
export function nearStats(width: number, height: number): NearStats {
  const near = locate(allocateStats(width, height, { floats, words }));
  if (!near) throw new Error("scratch arrays are not evenly spaced");
  return near;
}

/** The statistics themselves where kernels can take them, else a copy. */
export function placeStats(stats: BlockStats): NearStats {
  const near = locate(stats);
  if (near) return near;
  const copy = nearStats(stats.width, stats.height);
  const length = stats.width * stats.height;
  for (const [i, array] of arrays(copy.stats).entries()) {
    array.set(arrays(stats)[i]!.subarray(0, length));
  }
  return copy;
}

/** In the order in which kernels know them. */
const arrays = (stats: BlockStats): (Float32Array | Uint32Array)[] => [
  stats.count,
  stats.mean,
  stats.m2,
  stats.min,
  stats.max,
  stats.gradient,
  stats.positive,
  stats.zero,
  stats.nan,
  stats.infinite,
];

function locate(stats: BlockStats): NearStats | null {
  const address = stats.count.byteOffset;
  const stride = stats.mean.byteOffset - address;
  const inPlace = arrays(stats).every((array, i) =>
    isNear(array) && array.byteOffset === address + i * stride
  );
  return inPlace && stride > 0 ? { stats, address, stride } : null;
}
