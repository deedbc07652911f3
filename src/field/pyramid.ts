import type { BlockStats, Ops } from "../compute/ops.ts";
import { cut, paste, PLANES, statsOf } from "./block_arrays.ts";
import { type CellReader, readBordered, readStored, type Rect } from "./cells.ts";
import type { Plane } from "./plane.ts";
import { useSlopes } from "./slopes.ts";

/**
 * Statistics of a layer at every zoom from blocks of 2^base cells a side outwards, in shared memory,
 * and the means alone of blocks half that size, which most pictures need no more of. Nearer levels
 * are computed from the file when they are looked at.
 */
export interface Pyramid {
  /** log2 of the side, in cells, of a block of `levels[0]`. */
  readonly base: number;
  /** Level i holds blocks of 2^(base + i) cells a side, the last one a single block. */
  readonly levels: readonly Level[];
  /** Means of blocks of 2^(base − 1) cells a side. */
  readonly means: Level;
  /** Bytes in all of it. */
  readonly bytes: number;
}

export interface Level {
  readonly width: number;
  readonly height: number;
  readonly buffer: SharedArrayBuffer;
}

// Blocks of 16 cells keep a tile one zoom nearer to 2048² cells, the most worth reading for one; a
// layer whose pyramid would not fit into LARGEST bytes starts further out.
const NEAREST = 5;
const LARGEST = 64 << 20;
// Cells measured at once, and the longest strip of them, along the file's runs: as float32 they stay
// in a core's second-level cache, however large the plane is.
const BAND = 1 << 17;
const STRIP = 1 << 12;
// The same where runs lie down: kernels go along rows, and are slow on short ones.
const STRIP_DOWN = 1 << 10;

/** `Pyramid.base` of a plane. */
export function baseOf(plane: Plane): number {
  let base = NEAREST;
  while (sizes(plane, base).reduce((sum, { bytes }) => sum + bytes, 0) > LARGEST) base++;
  return base;
}

/** Width, height and bytes of the means and of each level of a pyramid with that base. */
function sizes(plane: Plane, base: number) {
  const size = (log2: number, planes: number) => {
    const width = Math.ceil(plane.width / 2 ** log2), height = Math.ceil(plane.height / 2 ** log2);
    return { width, height, bytes: width * height * planes * 4 };
  };
  const all = [size(base - 1, 1), size(base, PLANES)];
  for (let log2 = base + 1; all.at(-1)!.width * all.at(-1)!.height > 1; log2++) {
    all.push(size(log2, PLANES));
  }
  return all;
}

/** log2 of the smallest blocks whose means a pyramid of that plane holds. */
export const meansFrom = (plane: Plane): number => baseOf(plane) - 1;

/** Empty levels for a plane. */
export function allocate(plane: Plane): Pyramid {
  const base = baseOf(plane);
  const [means, ...levels] = sizes(plane, base).map(({ width, height, bytes }): Level => {
    return { width, height, buffer: new SharedArrayBuffer(bytes) };
  });
  const bytes = [means!, ...levels].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  return { base, levels, means: means!, bytes };
}

/** The level of blocks of 2^`log2` cells a side; the last one where there is nothing further out. */
export const levelAt = ({ base, levels }: Pyramid, log2: number): Level =>
  levels[Math.min(log2 - base, levels.length - 1)]!;

/** Means of blocks of 2^`log2` cells a side, from log2 = base − 1 on, in rows of `width`. */
export function meansAt(pyramid: Pyramid, log2: number): { means: Float32Array; width: number } {
  const { means, base } = pyramid;
  if (log2 < base) return { means: new Float32Array(means.buffer), width: means.width };
  const level = levelAt(pyramid, log2);
  return { means: statsOf(level).mean, width: level.width };
}

/** Merges every level from the one before. */
export function mergeLevels(ops: Ops, levels: readonly Level[]): void {
  for (let i = 1; i < levels.length; i++) {
    mergeInto(ops, statsOf(levels[i - 1]!), statsOf(levels[i]!));
  }
}

/** Merges a level from the one before, some rows at a time. */
export function mergeInto(ops: Ops, below: BlockStats, level: BlockStats): void {
  const rows = 2 * Math.max(1, Math.floor(BAND / below.width));
  for (let y = 0; y < below.height; y += rows) {
    ops.frame(() => {
      const part = cut(ops, below, 0, y, below.width, Math.min(rows, below.height - y));
      paste(ops.merge(part), level, 0, y / 2);
    });
  }
}

/**
 * Block statistics straight from the file: `width` × `height` blocks from block (x, y) on, the
 * blocks at the plane's edges holding the cells that exist. `visit` gets them by `eachPiece`.
 */
export function measure(
  reader: CellReader,
  log2: number,
  blocks: Rect,
  visit: (stats: BlockStats, x: number, y: number) => void,
): void {
  const { plane, ops } = reader;
  const block = 1 << log2;
  eachPiece(plane, log2, blocks, (rect, x, y) =>
    ops.frame(() => {
      const stored = readStored(reader, rect);
      const stats = stored
        ? ops.packedStats(stored.bytes, stored.packed, block)
        : ops.blockStats(readBordered(reader, rect), block);
      if (plane.folded) forgetHoles(plane, stats, rect.x, rect.y, block);
      useSlopes(reader, stats, rect, block);
      visit(stats, x, y);
    }));
}

/**
 * Cuts `width` × `height` blocks of 2^`log2` cells a side, from block (x, y) on, into pieces as long
 * as can be along the file's runs: the cells of each that lie on the plane, and the place of its
 * first block among those asked for, both even.
 */
export function eachPiece(
  plane: Plane,
  log2: number,
  { x, y, width, height }: Rect,
  visit: (cells: Rect, x: number, y: number) => void,
): void {
  const block = 1 << log2;
  const { runsDown } = plane;
  const [along, beside] = runsDown ? [height, width] : [width, height];
  const long = Math.min(along, Math.ceil((runsDown ? STRIP_DOWN : STRIP) / block));
  // Even, so that pieces can be merged by themselves.
  const short = 2 * Math.max(1, Math.floor(BAND / (2 * long * block * block)));
  for (let b = 0; b < beside; b += short) {
    for (let a = 0; a < along; a += long) {
      const [column, row] = runsDown ? [b, a] : [a, b];
      const [across, down] = runsDown ? [short, long] : [long, short];
      const left = (x + column) * block, top = (y + row) * block;
      const right = Math.min((x + Math.min(column + across, width)) * block, plane.width);
      const bottom = Math.min((y + Math.min(row + down, height)) * block, plane.height);
      visit({ x: left, y: top, width: right - left, height: bottom - top }, column, row);
    }
  }
}

/** A folded vector's missing last cells were read as NaN: takes them out of the counts. */
export function forgetHoles(
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
