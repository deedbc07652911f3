import { cellNode, joinFigures } from "../../compute/octree.ts";
import type { NodeFigures, OctreeNode } from "../../compute/ops.ts";
import type { Octree } from "../octree.ts";
import { type BrickRecord, MASKED, recordOf } from "./lists.ts";

/** Where a child of an inner node is: the number of the inner node, or of the leaf, in its level. */
export interface Child {
  readonly inner: boolean;
  readonly index: number;
}

/** Child n of inner node `index` of a level. */
export function childOf(
  { masks, firsts }: BrickRecord,
  level: number,
  index: number,
  n: number,
): Child {
  if (level < MASKED) return { inner: false, index: 8 * index + n };
  const mask = masks[level]![index]!;
  const before = firsts[level]![index]! + ones(mask & ((1 << n) - 1));
  return (mask >> n & 1) === 1
    ? { inner: true, index: before }
    : { inner: false, index: 8 * index + n - before };
}

/** Figures of a node's finite cells; of a cell its value as the mean. */
export function figuresOf(
  { inner, leaves }: BrickRecord,
  level: number,
  child: Child,
): Omit<OctreeNode, "state" | "count"> {
  const { index } = child;
  const cells = (from: number, count: number) =>
    Array.from(leaves[0]!.means.subarray(from, from + count), cellNode);
  if (!child.inner) return level > 0 ? nodeAt(leaves[level]!, index) : cells(index, 1)[0]!;
  return level >= MASKED ? nodeAt(inner[level]!, index) : joinFigures(cells(8 * index, 8), 1);
}

/** The figures of one node. */
export const nodeAt = ({ means, variances, mins, maxs }: NodeFigures, index: number) => ({
  ...{ mean: means[index]!, variance: variances[index]! },
  ...{ min: mins[index]!, max: maxs[index]! },
});

/** The mean of a node's finite cells, without the others. */
export function meanOf({ inner, leaves }: BrickRecord, level: number, child: Child): number {
  const { index } = child;
  if (!child.inner) return leaves[level]!.means[index]!;
  if (level >= MASKED) return inner[level]!.means[index]!;
  // That of the lowest is not kept, as its children are cells.
  let sum = 0, count = 0;
  for (let at = 8 * index; at < 8 * index + 8; at++) {
    const value = leaves[0]!.means[at]!;
    if (!Number.isFinite(value)) continue;
    sum += value;
    count++;
  }
  return Math.fround(sum / count);
}

/** The tree of the brick at a place among all of a volume's. */
export function brickAt(
  { grid, ranks, parts }: Octree,
  x: number,
  y: number,
  z: number,
): BrickRecord {
  let brick = ranks[(z * grid.bricks[1] + y) * grid.bricks[0] + x]!;
  for (const part of parts) {
    if (brick < part.count) return recordOf(part, brick);
    brick -= part.count;
  }
  throw new RangeError(`octree: brick ${x}, ${y}, ${z} of ${grid.bricks} is in no part`);
}

function ones(bits: number): number {
  let count = 0;
  for (; bits !== 0; bits &= bits - 1) count++;
  return count;
}
