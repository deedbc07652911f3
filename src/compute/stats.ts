import type { BlockStats } from "./ops.ts";

/** Where the arrays of a `BlockStats` come from. */
export interface Allocator {
  floats(length: number): Float32Array;
  words(length: number): Uint32Array;
}

/**
 * Statistics of a grid of blocks, contents undefined, to be filled in by a kernel. The arrays are
 * made one after the other, in the order of the interface.
 */
export function allocateStats(width: number, height: number, from: Allocator): BlockStats {
  const length = width * height;
  return {
    width,
    height,
    count: from.words(length),
    mean: from.floats(length),
    m2: from.floats(length),
    min: from.floats(length),
    max: from.floats(length),
    gradient: from.floats(length),
    positive: from.words(length),
    zero: from.words(length),
    nan: from.words(length),
    infinite: from.words(length),
  };
}
