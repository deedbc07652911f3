import type { BlockStats, Ops } from "../compute/ops.ts";

// Statistics of blocks as they lie in memory: one array after the other.

/** Statistics of a block: an array each. */
export const PLANES = 10;

/** Bytes that `statsOf` needs for one block. */
export const STATS_BYTES = PLANES * 4;

/** Memory as arrays, one a statistic. */
export function statsOf(
  { width, height, buffer, byteOffset = 0 }: {
    width: number;
    height: number;
    buffer: ArrayBufferLike;
    byteOffset?: number;
  },
): BlockStats {
  const n = width * height;
  const floats = (i: number) => new Float32Array(buffer, byteOffset + i * n * 4, n);
  const counts = (i: number) => new Uint32Array(buffer, byteOffset + i * n * 4, n);
  return {
    width,
    height,
    count: counts(0),
    mean: floats(1),
    m2: floats(2),
    min: floats(3),
    max: floats(4),
    gradient: floats(5),
    positive: counts(6),
    zero: counts(7),
    nan: counts(8),
    infinite: counts(9),
  };
}

const fields = [
  "count",
  "mean",
  "m2",
  "min",
  "max",
  "gradient",
  "positive",
  "zero",
  "nan",
  "infinite",
] as const;

/** Copies `source` into `target`, its first block to block (x, y). */
export function paste(source: BlockStats, target: BlockStats, x: number, y: number): void {
  for (const field of fields) {
    for (let row = 0; row < source.height; row++) {
      const start = row * source.width;
      const values = source[field].subarray(start, start + source.width);
      target[field].set(values, (y + row) * target.width + x);
    }
  }
}

/** A rectangle of a level, copied into scratch. */
export function cut(
  ops: Ops,
  stats: BlockStats,
  x: number,
  y: number,
  width: number,
  height: number,
): BlockStats {
  const { buffer, byteOffset } = ops.scratch(width * height * STATS_BYTES);
  const out = statsOf({ width, height, buffer, byteOffset });
  for (const field of fields) {
    for (let row = 0; row < height; row++) {
      const start = (y + row) * stats.width + x;
      out[field].set(stats[field].subarray(start, start + width), row * width);
    }
  }
  return out;
}
