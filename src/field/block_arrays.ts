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
  const start = y * target.width + x;
  for (const field of fields) {
    const from = { values: source[field], start: 0, pitch: source.width };
    copyRows(from, { values: target[field], start, pitch: target.width }, source);
  }
}

/** Numbers in rows that lie `pitch` apart, from `start` on. */
export interface Rows {
  readonly values: Float32Array | Uint32Array;
  readonly start: number;
  readonly pitch: number;
}

/** Numbers that are copied one by one sooner than by a call. */
const FEW = 8;

/** Copies `height` rows of `width` numbers. */
export function copyRows(
  from: Rows,
  into: Rows,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const whole = width === from.pitch && width === into.pitch;
  const length = whole ? width * height : width, rows = whole ? 1 : height;
  for (let row = 0; row < rows; row++) {
    const start = from.start + row * from.pitch, at = into.start + row * into.pitch;
    if (length > FEW) into.values.set(from.values.subarray(start, start + length), at);
    else for (let i = 0; i < length; i++) into.values[at + i] = from.values[start + i]!;
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
  const start = y * stats.width + x;
  for (const field of fields) {
    const from = { values: stats[field], start, pitch: stats.width };
    copyRows(from, { values: out[field], start: 0, pitch: width }, out);
  }
  return out;
}
