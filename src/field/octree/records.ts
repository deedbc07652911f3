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

/** The mean of an inner node's finite cells. */
export function meanOf({ means, leaves }: BrickRecord, level: number, index: number): number {
  if (level >= MASKED) return means[level]![index]!;
  // That of the lowest is not kept, as its children are cells.
  let sum = 0, count = 0;
  for (let at = 8 * index; at < 8 * index + 8; at++) {
    const value = leaves[0]![at]!;
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
