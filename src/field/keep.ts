import type { Ops } from "../compute/ops.ts";
import { cut, paste, PLANES, STATS_BYTES, statsOf } from "./block_arrays.ts";
import type { Rect } from "./cells.ts";
import { type Plane, TILE } from "./plane.ts";
import type { Level } from "./pyramid.ts";
import type { Slab } from "./slab.ts";
import {
  readStats,
  slabSize,
  storedLevels,
  type StoredPyramid,
  writeMeans,
  writeStats,
} from "./store.ts";

// How a plane's pyramid comes to lie on disk: slab by slab its nearest two levels, which are let go of
// then; the levels further out stay in memory until all slabs are there.

/** Cells of a plane below which its pyramid is made again sooner than found on disk. */
const SMALL = 1 << 16;
/** Bytes of the levels that may stay in memory until a plane is done: a square of 2³² cells. */
const OUTER = 256 << 20;

/** Whether a plane's pyramid is worth keeping, and its levels further out fit memory meanwhile. */
export function isKept({ cells, width, height }: Plane, base: number): boolean {
  const side = 2 ** (base + 2);
  const blocks = Math.ceil(width / side) * Math.ceil(height / side);
  return cells >= SMALL && blocks * PLANES * 4 * 4 / 3 <= OUTER;
}

/** The parts that a plane is measured in, in blocks of 2^(base + 1) cells, in the file's order. */
export function slabsOf(pyramid: Omit<StoredPyramid, "folder">): Rect[] {
  const side = 2 ** (pyramid.base + 1);
  const across = Math.ceil(pyramid.width / side), down = Math.ceil(pyramid.height / side);
  const size = slabSize(pyramid);
  const slabs: Rect[] = [];
  for (let y = 0; y < down; y += size.height) {
    for (let x = 0; x < across; x += size.width) {
      const width = Math.min(size.width, across - x), height = Math.min(size.height, down - y);
      slabs.push({ x, y, width, height });
    }
  }
  return slabs;
}

/**
 * Levels of blocks of 2^(base + 2) cells a side and more, out to a single block, contents undefined, in
 * memory that `lend` gives as it does to `allocateSlab`.
 */
export function outerLevels(
  { width, height }: Plane,
  base: number,
  lend: (bytes: number) => SharedArrayBuffer = (bytes) => new SharedArrayBuffer(bytes),
): Level[] {
  const levels: Level[] = [];
  for (let log2 = base + 2;; log2++) {
    const across = Math.ceil(width / 2 ** log2), down = Math.ceil(height / 2 ** log2);
    levels.push({ width: across, height: down, buffer: lend(across * down * PLANES * 4) });
    if (across * down === 1) return levels;
  }
}

/** Writes a measured slab, and merges it into the level further out. */
export function keepSlab(
  ops: Ops,
  pyramid: StoredPyramid,
  slab: Slab,
  outer: readonly Level[],
): void {
  const { base, x, y, means } = slab;
  const { width, height } = means;
  const target = { values: new Float32Array(means.buffer), start: 0, pitch: width };
  writeMeans(pyramid, base, { x: 2 * x, y: 2 * y, width, height }, target);
  const stats = statsOf(slab.stats);
  writeStats(pyramid, base + 1, x, y, stats);
  eachTile(stats, (left, top, width, height) =>
    ops.frame(() => {
      const part = cut(ops, stats, left, top, width, height);
      paste(ops.merge(part), statsOf(outer[0]!), (x + left) / 2, (y + top) / 2);
    }));
}

/** Merges a slab that was kept before into the level further out, as `keepSlab` did then. */
export function recallSlab(
  ops: Ops,
  pyramid: StoredPyramid,
  { x, y, width, height }: Rect,
  outer: readonly Level[],
): void {
  eachTile({ width, height }, (left, top, width, height) =>
    ops.frame(() => {
      const { buffer, byteOffset } = ops.scratch(width * height * STATS_BYTES);
      const part = statsOf({ width, height, buffer, byteOffset });
      readStats(pyramid, pyramid.base + 1, x + left, y + top, part);
      paste(ops.merge(part), statsOf(outer[0]!), (x + left) / 2, (y + top) / 2);
    }));
}

/** Writes those of the levels further out that the pyramid has on disk. */
export function keepOuter(pyramid: StoredPyramid, outer: readonly Level[]): void {
  for (const { log2, width, height, hasStats } of storedLevels(pyramid)) {
    const level: Level | undefined = outer[log2 - pyramid.base - 2];
    if (!level) continue;
    const stats = statsOf(level);
    if (hasStats) writeStats(pyramid, log2, 0, 0, stats);
    else {
      const target = { values: stats.mean, start: 0, pitch: width };
      writeMeans(pyramid, log2, { x: 0, y: 0, width, height }, target);
    }
  }
}

function eachTile(
  size: { readonly width: number; readonly height: number },
  visit: (x: number, y: number, width: number, height: number) => void,
): void {
  for (let y = 0; y < size.height; y += TILE) {
    for (let x = 0; x < size.width; x += TILE) {
      visit(x, y, Math.min(TILE, size.width - x), Math.min(TILE, size.height - y));
    }
  }
}
