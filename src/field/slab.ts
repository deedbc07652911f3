import {
  type BlockLevels,
  type BlockStats,
  type Bordered,
  GROUP,
  type Ops,
} from "../compute/ops.ts";
import { eachBand, isPacked } from "./bands.ts";
import { copyRows, paste, PLANES, statsOf } from "./block_arrays.ts";
import { type CellReader, readBordered, type Rect } from "./cells.ts";
import type { Plane } from "./plane.ts";
import { eachPiece, forgetHoles, type Level, type Pyramid } from "./pyramid.ts";
import { useSlopes } from "./slopes.ts";

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

/**
 * A slab for a rectangle of the plane's blocks of 2^(base + 1) cells, contents undefined. Memory comes
 * from `lend`, which may give more than it is asked for.
 */
export function allocateSlab(
  plane: Plane,
  base: number,
  { x, y, width, height }: Rect,
  lend: (bytes: number) => SharedArrayBuffer = (bytes) => new SharedArrayBuffer(bytes),
): Slab {
  const side = 2 ** base;
  const across = Math.min(Math.ceil(plane.width / side) - 2 * x, 2 * width);
  const down = Math.min(Math.ceil(plane.height / side) - 2 * y, 2 * height);
  const level = (width: number, height: number, planes: number): Level => ({
    width,
    height,
    buffer: lend(width * height * planes * 4),
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
  const { base, x, y, stats } = slab;
  const part = plane.runsDown
    ? { x: x + from, y, width: to - from, height: stats.height }
    : { x, y: y + from, width: stats.width, height: to - from };
  const measured = (rect: Rect, { stats, means }: BlockLevels) => {
    if (plane.folded) forgetHoles(plane, stats, rect.x, rect.y, 2 ** (base + 1));
    useSlopes(reader, stats, rect, 2 ** (base + 1));
    fill(slab, rect, stats, means);
  };
  const measure = (rect: Rect) =>
    ops.frame(() => {
      const cells = readBordered(reader, rect);
      if (sketch) countSome(ops, cells, rect, sketch);
      measured(rect, ops.blockLevels(cells, 2 ** base));
    });
  if (!isPacked(plane, base)) return eachPiece(plane, base + 1, part, measure);
  eachBand(reader, base, part, {
    edge: measure,
    stored(rect, bytes, packed) {
      if (sketch) {
        ops.countPackedGroups(bytes, packed, sketch.step, phaseOf(rect), sketch.bins);
      }
      measured(rect, ops.packedLevels(bytes, packed, 2 ** base));
    },
    side(rect, cells) {
      if (sketch) countSome(ops, cells, rect, sketch);
      measured(rect, ops.blockLevels(cells, 2 ** base));
    },
  });
}

/** Which groups of a rectangle are counted follows from its place on the plane. */
const phaseOf = ({ x, y }: Rect): number => y + x / GROUP;

const countSome = (ops: Ops, cells: Bordered, rect: Rect, { step, bins }: Sketch): void =>
  ops.countGroups(cells, step, phaseOf(rect), bins);

/** Puts what was measured of a rectangle of cells into its place. */
function fill(slab: Slab, rect: Rect, stats: BlockStats, means: Float32Array): void {
  const block = 2 ** (slab.base + 1);
  const left = rect.x / block - slab.x, top = rect.y / block - slab.y;
  paste(stats, statsOf(slab.stats), left, top);
  const values = new Float32Array(slab.means.buffer);
  const width = Math.ceil(rect.width / 2 ** slab.base), { width: pitch } = slab.means;
  copyRows(
    { values: means, start: 0, pitch: width },
    { values, start: 2 * top * pitch + 2 * left, pitch },
    { width, height: means.length / width },
  );
}
