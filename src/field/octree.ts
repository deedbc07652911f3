import { limitsOf } from "../compute/octree.ts";
import type { Brick, MergeRule, Ops } from "../compute/ops.ts";
import { TooLarge } from "../errors.ts";
import { type Box, boxOf, type BrickGrid, mortonOrder } from "./octree/grid.ts";
import { type BrickLists, type Lend, ListWriter } from "./octree/lists.ts";
import { joinTop, type TopLevel } from "./octree/top.ts";
import { type OctreeStatistics, statisticsOf } from "./octree/statistics.ts";

/**
 * A volume as cubes of cells that are alike: linear, level by level in Morton order, in shared memory.
 * A leaf stands for the mean of its cells, none of which is further from it than ε / (1 + κρ).
 */
export interface Octree {
  readonly grid: BrickGrid;
  /** Of the bricks in Morton order, part after part. */
  readonly parts: readonly BrickLists[];
  /** Where each brick's tree is: by place, x fastest, its number in that order. */
  readonly ranks: Uint32Array<SharedArrayBuffer>;
  /** From the bricks' roots up to the volume's. */
  readonly top: readonly TopLevel[];
  readonly statistics: OctreeStatistics;
}

/** Reads the cells of a box of the volume; they may lie in scratch. */
export type ReadBrick = (box: Box) => Brick;

/** What a build may take and whether it is still wanted. */
export interface Bounds {
  /** Bytes of lists: a volume of which nothing merges takes as many as its cells. */
  readonly bytes?: number;
  /** Throws when the work is no longer wanted: asked before each brick. */
  readonly cancelled?: () => void;
  /** Where the pages of lists come from: fresh memory costs a quarter of a build of which little merges. */
  readonly lend?: Lend;
}

/** Merges a volume, brick by brick, in this thread. Throws `RangeError` for an odd rule, `TooLarge`. */
export function buildOctree(
  ops: Ops,
  read: ReadBrick,
  grid: BrickGrid,
  rule: MergeRule,
  bounds: Bounds = {},
): Octree {
  const whole = completed(ops, read, grid, rule, bounds);
  return joinOctree(grid, whole, [mergeBricks(ops, read, grid, whole, 0, grid.count, bounds)]);
}

/**
 * Merges bricks `from`…`to` of the Morton order: what one of several workers does. Of the cells only
 * one brick at a time is in memory. The rule needs `largest` if it has a κ.
 */
export function mergeBricks(
  ops: Ops,
  read: ReadBrick,
  grid: BrickGrid,
  rule: MergeRule,
  from: number,
  to: number,
  {
    bytes = Infinity,
    cancelled,
    lend = (bytes) => new SharedArrayBuffer(bytes),
  }: Bounds = {},
): BrickLists {
  limitsOf(rule);
  const boxes = mortonOrder(grid).slice(from, to).map((place) => boxOf(grid, place));
  const cells = boxes.reduce((sum, box) => sum + box.width * box.height * box.depth, 0);
  const writer = new ListWriter(grid.brickLevels, boxes.length, cells, lend);
  for (const [i, box] of boxes.entries()) {
    cancelled?.();
    ops.frame(() => writer.append(ops.mergeBrick(read(box), grid.brickLevels, rule)));
    if (writer.bytes > bytes) {
      const found = `${i + 1} of ${boxes.length} bricks take ${writer.bytes} bytes as an octree`;
      throw new TooLarge(`${found}; the limit is ${bytes}: a larger epsilon merges more`, {
        parameter: "epsilon",
        found: writer.bytes,
        limit: bytes,
      });
    }
  }
  return writer.finish();
}

/** Joins the parts of an octree, in the order of their bricks, under one root. */
export function joinOctree(grid: BrickGrid, rule: MergeRule, parts: readonly BrickLists[]): Octree {
  const have = parts.reduce((sum, { count }) => sum + count, 0);
  if (have !== grid.count) {
    throw new RangeError(`octree: ${have} bricks where the volume has ${grid.count}`);
  }
  const [across, down] = grid.bricks;
  const ranks = new Uint32Array(new SharedArrayBuffer(4 * grid.count));
  for (const [rank, [x, y, z]] of mortonOrder(grid).entries()) {
    ranks[(z * down + y) * across + x] = rank;
  }
  const { top, root, error } = joinTop(grid, parts, ranks, limitsOf(rule));
  const statistics = statisticsOf(grid, rule, parts, top, root, error);
  return { grid, parts, ranks, top, statistics };
}

/** A rule with κ is relative to the volume's largest magnitude: looks for it unless it is given. */
function completed(
  ops: Ops,
  read: ReadBrick,
  grid: BrickGrid,
  rule: MergeRule,
  { cancelled }: Bounds,
): MergeRule {
  limitsOf({ ...rule, largest: rule.largest ?? 1 });
  if (!rule.kappa || rule.largest !== undefined) return rule;
  let largest = 0;
  for (const place of mortonOrder(grid)) {
    cancelled?.();
    ops.frame(() => largest = Math.max(largest, magnitudeOf(read(boxOf(grid, place)))));
  }
  return { ...rule, largest };
}

/** The largest magnitude of a box's finite cells, 0 of none. */
function magnitudeOf({ values, start, pitch, slice, width, height, depth }: Brick): number {
  let largest = 0;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const from = start + z * slice + y * pitch;
      for (let at = from; at < from + width; at++) {
        const magnitude = Math.abs(values[at]!);
        if (magnitude > largest && magnitude < Infinity) largest = magnitude;
      }
    }
  }
  return largest;
}
