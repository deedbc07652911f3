import { INNER, toleranceOf } from "../../compute/octree.ts";
import type { OctreeNode } from "../../compute/ops.ts";
import type { Octree } from "../octree.ts";
import type { Sides } from "./grid.ts";
import type { BrickRecord } from "./lists.ts";
import { brickAt, type Child, childOf, figuresOf, nodeAt } from "./records.ts";

/** A cube of cells: a leaf, whose cells are alike, or an inner node; figures are of its finite cells. */
export interface Cube extends Omit<OctreeNode, "state"> {
  /** Its least cell, along x, y, z; it has 2^`level` cells a side, some of them beyond the volume. */
  readonly corner: Sides;
  readonly level: number;
  readonly isLeaf: boolean;
  /** ε / (1 + κρ): its cells are one where they differ by less. */
  readonly epsilon: number;
}

/**
 * The leaf that a cell lies in or, where that is smaller, the node of 2^`least` cells a side: what
 * slices of that detail show. Throws `RangeError` for a cell that is not in the volume.
 */
export function cubeAt(tree: Octree, x: number, y: number, z: number, least = 0): Cube {
  const { grid: { sides, brickLevels }, top, statistics } = tree;
  const cell = [x, y, z] as const;
  if (!cell.every((at, axis) => at >= 0 && at < sides[axis]! && Number.isInteger(at))) {
    throw new RangeError(`octree: ${x}, ${y}, ${z} is no cell of ${sides.join(" × ")}`);
  }
  const place = (level: number) => cell.map((at) => Math.floor(at / 2 ** level)) as [...Sides];
  const cube = (level: number, isLeaf: boolean, node: Omit<OctreeNode, "state">): Cube => {
    const [a, b, c] = place(level).map((at) => at * 2 ** level) as [...Sides];
    const { epsilon, kappa, largest } = statistics;
    const rule = { epsilon, kappa, largest: largest ?? undefined };
    return { corner: [a, b, c], level, isLeaf, ...node, epsilon: toleranceOf(rule, node) };
  };
  for (const { level, sides, states, counts, figures } of top.toReversed()) {
    const [a, b, c] = place(level);
    const at = (c * sides[1] + b) * sides[0] + a;
    const isLeaf = states[at] !== INNER;
    if (!isLeaf && level > least) continue;
    return cube(level, isLeaf, { count: counts[at]!, ...nodeAt(figures, at) });
  }
  const record = brickAt(tree, ...place(brickLevels));
  let level = brickLevels, child: Child = { inner: true, index: 0 };
  while (child.inner && level > least) {
    const [a, b, c] = place(level - 1).map((at) => at & 1) as [...Sides];
    child = childOf(record, level--, child.index, a | b << 1 | c << 2);
  }
  const count = countOf(record, level, child, place(level), sides);
  return cube(level, !child.inner, { count, ...figuresOf(record, level, child) });
}

/** Finite cells of a node at a place of its level: leaves have none or all that lie in the volume. */
function countOf(
  record: BrickRecord,
  level: number,
  node: Child,
  place: Sides,
  sides: Sides,
): number {
  if (!node.inner) {
    if (!Number.isFinite(record.leaves[level]!.means[node.index])) return 0;
    return sides.reduce((count, side, axis) => {
      const from = place[axis]! * 2 ** level;
      return count * (Math.min(side, from + 2 ** level) - from);
    }, 1);
  }
  let count = 0;
  for (let n = 0; n < 8; n++) {
    const bits = [n & 1, n >> 1 & 1, n >> 2];
    const [x, y, z] = place.map((at, axis) => 2 * at + bits[axis]!) as [...Sides];
    count += countOf(record, level - 1, childOf(record, level, node.index, n), [x, y, z], sides);
  }
  return count;
}
