import { absentNode, errorOf, INNER, joinNodes, type Limits } from "../../compute/octree.ts";
import type { NodeFigures, OctreeNode } from "../../compute/ops.ts";
import type { BrickGrid, Sides } from "./grid.ts";
import { type BrickLists, rootOf } from "./lists.ts";

/** All nodes of one level, x fastest, then y; those wholly outside of the volume are left out. */
export interface TopLevel {
  readonly level: number;
  /** Nodes along x, y, z. */
  readonly sides: Sides;
  readonly states: Uint8Array<SharedArrayBuffer>;
  /** Finite cells. */
  readonly counts: Float64Array<SharedArrayBuffer>;
  readonly figures: NodeFigures;
}

/** Joins the roots of bricks, in Morton order, level by level up to one. */
export function joinTop(
  grid: BrickGrid,
  parts: readonly BrickLists[],
  ranks: Uint32Array,
  limits: Limits,
): { top: TopLevel[]; root: OctreeNode; error: number } {
  const roots = parts.flatMap((part) =>
    Array.from({ length: part.count }, (_, brick) => rootOf(part, brick))
  );
  let sides = grid.bricks;
  let nodes = Array.from(ranks, (rank) => roots[rank]!);
  if (nodes.length === 0) [sides, nodes] = [[1, 1, 1], [absentNode]];
  const top = [kept(grid.brickLevels, sides, nodes)];
  let error = 0;
  for (let level = grid.brickLevels + 1; level <= grid.levels; level++) {
    const [width, height, depth] = sides.map((side) => Math.ceil(side / 2)) as [
      ...[number, number, number],
    ];
    const above: OctreeNode[] = [];
    for (let i = 0; i < width * height * depth; i++) {
      const x = 2 * (i % width), y = 2 * (Math.floor(i / width) % height);
      const z = 2 * Math.floor(i / width / height);
      const children = Array.from({ length: 8 }, (_, n) => {
        const [cx, cy, cz] = [x + (n & 1), y + (n >> 1 & 1), z + (n >> 2)];
        if (cx >= sides[0] || cy >= sides[1] || cz >= sides[2]) return absentNode;
        return nodes[(cz * sides[1] + cy) * sides[0] + cx]!;
      });
      const node = joinNodes(children, 8 ** (level - 1), limits);
      if (node.state === INNER) error = Math.max(error, ...children.map(errorOf));
      above.push(node);
    }
    [sides, nodes] = [[width, height, depth], above];
    top.push(kept(level, sides, nodes));
  }
  const root = nodes[0]!;
  return { top, root, error: Math.max(error, errorOf(root)) };
}

function kept(level: number, sides: Sides, nodes: readonly OctreeNode[]): TopLevel {
  const buffer = (bytes: number) => new SharedArrayBuffer(bytes * nodes.length);
  const states = new Uint8Array(buffer(1)), counts = new Float64Array(buffer(8));
  const floats = (numbers: readonly number[]) => {
    const array = new Float32Array(buffer(4));
    array.set(numbers);
    return array;
  };
  states.set(nodes.map(({ state }) => state));
  counts.set(nodes.map(({ count }) => count));
  const figures = {
    means: floats(nodes.map(({ mean }) => mean)),
    variances: floats(nodes.map(({ variance }) => variance)),
    mins: floats(nodes.map(({ min }) => min)),
    maxs: floats(nodes.map(({ max }) => max)),
  };
  return { level, sides, states, counts, figures };
}
