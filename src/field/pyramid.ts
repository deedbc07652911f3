import type { BlockStats, Ops } from "../compute/ops.ts";
import { type CellReader, readBordered, type Rect } from "./cells.ts";
import type { Plane } from "./plane.ts";

/**
 * Statistics of a layer at every zoom from native − BASE outwards, in shared memory: level i holds
 * blocks of 2^(BASE + i) cells a side, the last one a single block. Nearer levels are computed from
 * the file when they are looked at.
 */
export interface Pyramid {
  readonly levels: readonly Level[];
  /** Bytes in all levels. */
  readonly bytes: number;
}

export interface Level {
  readonly width: number;
  readonly height: number;
  readonly buffer: SharedArrayBuffer;
}

/** log2 of the base level's block: a tile one zoom nearer reads 2048² cells, the most worth reading. */
export const BASE = 4;

const PLANES = 10;
// Cells measured at once, and the widest strip of them: as float32 they stay in a core's second-level
// cache, however wide the plane is.
export const BAND = 1 << 17;
const STRIP = 1 << 13;

/** Empty levels for a plane. */
export function allocate({ width, height }: Plane): Pyramid {
  const levels: Level[] = [];
  for (let block = 1 << BASE;; block *= 2) {
    const w = Math.ceil(width / block), h = Math.ceil(height / block);
    levels.push({ width: w, height: h, buffer: new SharedArrayBuffer(w * h * PLANES * 4) });
    if (w * h <= 1) break;
  }
  return { levels, bytes: levels.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) };
}

/** The level of blocks of 2^`log2` cells a side; the last one where there is nothing further out. */
export const levelAt = ({ levels }: Pyramid, log2: number): Level =>
  levels[Math.min(log2 - BASE, levels.length - 1)]!;

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

/**
 * Block statistics straight from the file: `width` × `height` blocks from block (x, y) on, the
 * blocks at the plane's edges holding the cells that exist. `visit` gets them piece by piece, with
 * the place of each piece's first block among them; `eachRow` sees the cells on the way.
 */
export function measure(
  reader: CellReader,
  log2: number,
  { x, y, width, height }: Rect,
  visit: (stats: BlockStats, x: number, y: number) => void,
  eachRow?: (values: Float32Array) => void,
): void {
  const { plane, ops } = reader;
  const block = 1 << log2;
  const across = Math.min(width, Math.ceil(STRIP / block));
  const down = Math.max(1, Math.floor(BAND / (across * block * block)));
  for (let row = 0; row < height; row += down) {
    for (let column = 0; column < width; column += across) {
      ops.frame(() => {
        const left = (x + column) * block, top = (y + row) * block;
        const right = (x + Math.min(column + across, width)) * block;
        const bottom = (y + Math.min(row + down, height)) * block;
        const cells = readBordered(reader, {
          x: left,
          y: top,
          width: Math.min(right, plane.width) - left,
          height: Math.min(bottom, plane.height) - top,
        });
        const pitch = cells.width + 2;
        for (let i = 1; eachRow && i <= cells.height; i++) {
          eachRow(cells.values.subarray(i * pitch + 1, i * pitch + 1 + cells.width));
        }
        const stats = ops.blockStats(cells, block);
        if (plane.folded) forgetHoles(plane, stats, left, top, block);
        visit(stats, column, row);
      });
    }
  }
}

/** A folded vector's missing last cells were read as NaN: takes them out of the counts. */
function forgetHoles(
  plane: Plane,
  stats: BlockStats,
  left: number,
  top: number,
  block: number,
): void {
  const row = plane.height - 1 - top;
  const blockRow = Math.floor(row / block);
  if (row < 0 || blockRow >= stats.height) return;
  const end = plane.cells - (plane.height - 1) * plane.width;
  for (let i = 0; i < stats.width; i++) {
    const from = left + i * block, to = Math.min(from + block, plane.width);
    stats.nan[blockRow * stats.width + i]! -= Math.max(0, to - Math.max(from, end));
  }
}
