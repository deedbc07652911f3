import { checkBrick } from "../bounds.ts";
import {
  ABSENT,
  absentNode,
  cellNode,
  errorOf,
  INNER,
  joinNodes,
  type Limits,
  limitsOf,
} from "../octree.ts";
import type { Brick, BrickTree, MergeRule, OctreeNode } from "../ops.ts";

/** One level of what is being made. */
interface Lists {
  readonly leaves: number[];
  readonly masks: number[];
  readonly means: number[];
  readonly variances: number[];
  readonly firsts: number[];
  inner: number;
  absent: number;
}

/** Merges a brick's cells into an octree: node by node, each after its children. */
export function mergeBrick(brick: Brick, levels: number, rule: MergeRule): BrickTree {
  checkBrick(brick, levels);
  const limits = limitsOf(rule);
  const lists = Array.from({ length: levels + 1 }, (): Lists => {
    const [leaves, masks, means, variances, firsts] = [[], [], [], [], []];
    return { leaves, masks, means, variances, firsts, inner: 0, absent: 0 };
  });
  const found = { error: 0 };
  const root = visit(brick, [0, 0, 0], levels, limits, lists, found);
  return {
    levels,
    root,
    leaves: lists.slice(0, levels).map(({ leaves }) => Float32Array.from(leaves)),
    masks: lists.map(({ masks }) => Uint8Array.from(masks)),
    means: lists.map(({ means }) => Float32Array.from(means)),
    variances: lists.map(({ variances }) => Float32Array.from(variances)),
    firsts: lists.map(({ firsts }) => Uint32Array.from(firsts)),
    absent: Uint32Array.from(lists.slice(0, levels), ({ absent }) => absent),
    ...found,
  };
}

/** The node of that level whose least cell is at these coordinates, its descendants listed. */
function visit(
  brick: Brick,
  [x, y, z]: readonly [number, number, number],
  level: number,
  limits: Limits,
  lists: readonly Lists[],
  found: { error: number },
): OctreeNode {
  const { values, start, pitch, slice, width, height, depth } = brick;
  if (x >= width || y >= height || z >= depth) return absentNode;
  if (level === 0) return cellNode(values[start + z * slice + y * pitch + x]!);
  const half = 2 ** (level - 1);
  const children = Array.from({ length: 8 }, (_, n) => {
    const at = [x + (n & 1) * half, y + (n >> 1 & 1) * half, z + (n >> 2) * half] as const;
    return visit(brick, at, level - 1, limits, lists, found);
  });
  const node = joinNodes(children, half ** 3, limits);
  if (node.state !== INNER) return node;
  const below = lists[level - 1]!, own = lists[level]!;
  const mask = children.reduce((bits, { state }, n) => state === INNER ? bits | 1 << n : bits, 0);
  own.inner++;
  if (level > 1) {
    own.masks.push(mask);
    own.means.push(node.mean);
    own.variances.push(node.variance);
    own.firsts.push(below.inner - children.filter(({ state }) => state === INNER).length);
  }
  for (const child of children) {
    if (child.state === INNER) continue;
    below.leaves.push(child.mean);
    below.absent += Number(child.state === ABSENT);
    found.error = Math.max(found.error, errorOf(child));
  }
  return node;
}
