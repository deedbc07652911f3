import type { Ops } from "../compute/ops.ts";
import { cut, paste, PLANES, statsOf } from "./block_arrays.ts";
import type { Rect } from "./cells.ts";
import type { Plane } from "./plane.ts";
import type { Level } from "./pyramid.ts";
import type { Slab } from "./slab.ts";
import {
  CHUNK,
  readStats,
  type StoredLevel,
  storedLevels,
  type StoredPyramid,
  writeMeans,
  writeStats,
} from "./store.ts";

// How a plane's pyramid comes to lie on disk: slab by slab its nearest two levels, which are let go of
// then; the levels further out stay in memory until all slabs are there.

/** Chunks that a slab has along the plane's longer way, at most: 65,536 cells of 16 a block. */
const BESIDE = 16;
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
export function slabsOf(plane: Plane, base: number): Rect[] {
  const side = 2 ** (base + 1);
  const across = Math.ceil(plane.width / side), down = Math.ceil(plane.height / side);
  const [stepX, stepY] = plane.runsDown ? [CHUNK, BESIDE * CHUNK] : [BESIDE * CHUNK, CHUNK];
  const slabs: Rect[] = [];
  for (let y = 0; y < down; y += stepY) {
    for (let x = 0; x < across; x += stepX) {
      const width = Math.min(stepX, across - x), height = Math.min(stepY, down - y);
      slabs.push({ x, y, width, height });
    }
  }
  return slabs;
}

/** Empty levels of blocks of 2^(base + 2) cells a side and more, out to a single block. */
export function outerLevels({ width, height }: Plane, base: number): Level[] {
  const levels: Level[] = [];
  for (let log2 = base + 2;; log2++) {
    const across = Math.ceil(width / 2 ** log2), down = Math.ceil(height / 2 ** log2);
    const buffer = new SharedArrayBuffer(across * down * PLANES * 4);
    levels.push({ width: across, height: down, buffer });
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
  const { base, means, stats } = slab;
  const values = new Float32Array(means.buffer);
  eachChunk(means, (x, y, width, height) => {
    const part = values.subarray(y * means.width + x);
    const column = (2 * slab.x + x) / CHUNK, row = (2 * slab.y + y) / CHUNK;
    writeMeans(pyramid, base, column, row, part, means.width, width, height);
  });
  const all = statsOf(stats);
  eachChunk(stats, (x, y, width, height) =>
    ops.frame(() => {
      const part = cut(ops, all, x, y, width, height);
      writeStats(pyramid, base + 1, (slab.x + x) / CHUNK, (slab.y + y) / CHUNK, part);
      paste(ops.merge(part), statsOf(outer[0]!), (slab.x + x) / 2, (slab.y + y) / 2);
    }));
}

/** Merges a slab that was kept before into the level further out, as `keepSlab` did then. */
export function recallSlab(
  ops: Ops,
  pyramid: StoredPyramid,
  { x, y, width, height }: Rect,
  outer: readonly Level[],
): void {
  eachChunk({ width, height }, (left, top, width, height) =>
    ops.frame(() => {
      const column = (x + left) / CHUNK, row = (y + top) / CHUNK;
      const chunk = readStats(pyramid, pyramid.base + 1, column, row);
      const part = cut(ops, chunk, 0, 0, width, height);
      paste(ops.merge(part), statsOf(outer[0]!), (x + left) / 2, (y + top) / 2);
    }));
}

/** Writes those of the levels further out that the pyramid has on disk. */
export function keepOuter(ops: Ops, pyramid: StoredPyramid, outer: readonly Level[]): void {
  for (const { log2 } of storedLevels(pyramid)) {
    const level: Level | undefined = outer[log2 - pyramid.base - 2];
    if (!level) continue;
    const all = statsOf(level);
    eachChunk(
      level,
      (x, y, width, height) =>
        ops.frame(() =>
          writeStats(pyramid, log2, x / CHUNK, y / CHUNK, cut(ops, all, x, y, width, height))
        ),
    );
  }
}

function eachChunk(
  size: Pick<StoredLevel, "width" | "height">,
  visit: (x: number, y: number, width: number, height: number) => void,
): void {
  for (let y = 0; y < size.height; y += CHUNK) {
    for (let x = 0; x < size.width; x += CHUNK) {
      visit(x, y, Math.min(CHUNK, size.width - x), Math.min(CHUNK, size.height - y));
    }
  }
}
