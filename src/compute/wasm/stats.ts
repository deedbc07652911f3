import type { BlockStats } from "../ops.ts";
import { allocateStats } from "../stats.ts";
import { isNear, scratch } from "./memory.ts";

/** Statistics whose ten arrays lie `stride` bytes apart from `address` on, as kernels take them. */
export interface NearStats {
  readonly stats: BlockStats;
  readonly address: number;
  readonly stride: number;
}

/** Room for the statistics of a grid of blocks. */
export function nearStats(width: number, height: number): NearStats {
  // Ten arrays in one, each at the alignment of scratch.
  const stride = Math.ceil(width * height / 4) * 16;
  const { buffer, byteOffset: address } = scratch(10 * stride);
  let next = address - stride;
  const stats = allocateStats(width, height, {
    floats: (length) => new Float32Array(buffer, next += stride, length),
    words: (length) => new Uint32Array(buffer, next += stride, length),
  });
  return { stats, address, stride };
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
  return inPlace && stride >= 0 ? { stats, address, stride } : null;
}
