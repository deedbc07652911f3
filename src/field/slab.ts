import type { BlockStats, Bordered, Ops } from "../compute/ops.ts";
import { paste, PLANES, statsOf } from "./block_arrays.ts";
import { type CellReader, readBordered, type Rect } from "./cells.ts";
import type { Plane } from "./plane.ts";
import { eachPiece, forgetHoles, type Level, type Pyramid } from "./pyramid.ts";

/**
 * A part of a plane's statistics, in shared memory: the means of blocks of 2^`base` cells a side, and
 * all figures of blocks of twice that side.
 */
export interface Slab {
  readonly base: number;
  /** Where it begins on the plane, in blocks of 2^(base + 1) cells. */
  readonly x: number;
  readonly y: number;
  readonly means: Level;
  readonly stats: Level;
}

/** How much of the distribution of values is looked at: one value in `step`, counted in bins. */
export interface Sketch {
  readonly step: number;
  /** Of `Ops.countKeys`. */
  readonly bins: Uint32Array;
}

/** Bytes of a slab of so many blocks of figures. */
export const slabBytes = (width: number, height: number): number =>
  width * height * (PLANES + 4) * 4;

/** An empty slab for a rectangle of the plane's blocks of 2^(base + 1) cells. */
export function allocateSlab(plane: Plane, base: number, { x, y, width, height }: Rect): Slab {
  const side = 2 ** base;
  const across = Math.min(Math.ceil(plane.width / side) - 2 * x, 2 * width);
  const down = Math.min(Math.ceil(plane.height / side) - 2 * y, 2 * height);
  const level = (width: number, height: number, planes: number): Level => ({
    width,
    height,
    buffer: new SharedArrayBuffer(width * height * planes * 4),
  });
  return { base, x, y, means: level(across, down, 1), stats: level(width, height, PLANES) };
}

/** The nearest levels of a pyramid, as one slab. */
export const slabOf = ({ base, means, levels }: Pyramid): Slab => ({
  base: base - 1,
  x: 0,
  y: 0,
  means,
  stats: levels[0]!,
});

/** How many steps a slab is measured in: rows of its blocks, columns where the file's runs lie down. */
export const stepsOf = ({ runsDown }: Plane, { stats }: Slab): number =>
  runsDown ? stats.width : stats.height;

/**
 * Fills steps `from`..`to` of a slab from the file: one pass over the cells, of which the sketch
 * counts some on the way.
 */
export function measureSlab(
  reader: CellReader,
  slab: Slab,
  from: number,
  to: number,
  sketch: Sketch | null,
): void {
  const { plane, ops } = reader;
  const { base, x, y, means, stats } = slab;
  const part = plane.runsDown
    ? { x: x + from, y, width: to - from, height: stats.height }
    : { x, y: y + from, width: stats.width, height: to - from };
  const wholes = statsOf(stats), halves = new Float32Array(means.buffer);
  const block = 2 ** (base + 1);
  eachPiece(plane, base + 1, part, (rect) =>
    ops.frame(() => {
      const cells = readBordered(reader, rect);
      const found = blockLevels(ops, cells, 2 ** base);
      if (plane.folded) forgetHoles(plane, found.stats, rect.x, rect.y, block);
      if (sketch) countSome(ops, cells, sketch);
      const left = rect.x / block - x, top = rect.y / block - y;
      paste(found.stats, wholes, left, top);
      const across = Math.ceil(rect.width / 2 ** base);
      for (let row = 0; row * across < found.means.length; row++) {
        const line = found.means.subarray(row * across, (row + 1) * across);
        halves.set(line, (2 * top + row) * means.width + 2 * left);
      }
    }));
}

function blockLevels(
  ops: Ops,
  cells: Bordered,
  block: number,
): { stats: BlockStats; means: Float32Array } {
  const stats = ops.blockStats(cells, block);
  return { stats: ops.merge(stats), means: stats.mean };
}

function countSome(ops: Ops, { values, width, height }: Bordered, { bins }: Sketch): void {
  const pitch = width + 2;
  for (let y = 1; y <= height; y++) {
    ops.countKeys(values.subarray(y * pitch + 1, y * pitch + 1 + width), bins);
  }
}
