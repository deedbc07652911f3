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
import type { Brick, BrickTree, MergeRule, NodeFigures, OctreeNode } from "../ops.ts";

/** One level of what is being made. */
interface Lists {
  readonly leaves: OctreeNode[];
  readonly inner: OctreeNode[];
  readonly masks: number[];
  readonly firsts: number[];
}

/** Merges a brick's cells into an octree: node by node, each after its children. */
export function mergeBrick(brick: Brick, levels: number, rule: MergeRule): BrickTree {
  checkBrick(brick, levels);
  const limits = limitsOf(rule);
  const lists = Array.from(
    { length: levels + 1 },
    (): Lists => ({ leaves: [], inner: [], masks: [], firsts: [] }),
  );
  const root = visit(brick, [0, 0, 0], levels, limits, lists);
  const leaves = lists.slice(0, levels).map(({ leaves }) => leaves);
  return {
    levels,
    root,
    leaves: leaves.map((nodes, level) => figuresOf(nodes, level === 0 ? [] : nodes)),
    masks: lists.map(({ masks }) => Uint8Array.from(masks)),
    inner: lists.map(({ inner }, level) => figuresOf(level < 2 ? [] : inner)),
    firsts: lists.map(({ firsts }) => Uint32Array.from(firsts)),
    absent: Uint32Array.from(
      leaves,
      (nodes) => nodes.filter(({ state }) => state === ABSENT).length,
    ),
    error: leaves.flat().reduce((most, leaf) => Math.max(most, errorOf(leaf)), 0),
  };
}

/** Figures as lists of their own, those other than means of `others` alone. */
const figuresOf = (nodes: readonly OctreeNode[], others = nodes): NodeFigures => ({
  means: Float32Array.from(nodes, ({ mean }) => mean),
  variances: Float32Array.from(others, ({ variance }) => variance),
  mins: Float32Array.from(others, ({ min }) => min),
  maxs: Float32Array.from(others, ({ max }) => max),
});

/** The node of that level whose least cell is at these coordinates, its descendants listed. */
function visit(
  brick: Brick,
  [x, y, z]: readonly [number, number, number],
  level: number,
  limits: Limits,
  lists: readonly Lists[],
): OctreeNode {
  const { values, start, pitch, slice, width, height, depth } = brick;
  if (x >= width || y >= height || z >= depth) return absentNode;
  if (level === 0) return cellNode(values[start + z * slice + y * pitch + x]!);
  const half = 2 ** (level - 1);
  const children = Array.from({ length: 8 }, (_, n) => {
    const at = [x + (n & 1) * half, y + (n >> 1 & 1) * half, z + (n >> 2) * half] as const;
    return visit(brick, at, level - 1, limits, lists);
  });
  const node = joinNodes(children, half ** 3, limits);
  if (node.state !== INNER) return node;
  const below = lists[level - 1]!, own = lists[level]!;
  own.inner.push(node);
  if (level > 1) {
    const mask = children.map(({ state }, n) => state === INNER ? 1 << n : 0);
    own.masks.push(mask.reduce((bits, bit) => bits | bit));
    own.firsts.push(below.inner.length - mask.filter((bit) => bit > 0).length);
  }
  below.leaves.push(...children.filter(({ state }) => state !== INNER));
  return node;
}
