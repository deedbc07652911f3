import { ABSENT, INNER } from "../../compute/octree.ts";
import type { MergeRule, OctreeNode } from "../../compute/ops.ts";
import type { BrickGrid } from "./grid.ts";
import { type BrickLists, SLOTS } from "./lists.ts";
import type { TopLevel } from "./top.ts";

/** An octree in numbers. */
export interface OctreeStatistics {
  readonly epsilon: number;
  /** Null where variances were not asked about. */
  readonly tau: number | null;
  readonly kappa: number;
  /** What densities are relative to; null where κ is 0. */
  readonly largest: number | null;
  /** Cells of the volume, and those that are finite. */
  readonly cells: number;
  readonly finite: number;
  /** Of the finite ones; NaN of none. */
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** By level, those of single cells first, the root's last; what lies outside is not counted. */
  readonly leaves: readonly number[];
  /** Inner nodes by level. */
  readonly inner: readonly number[];
  readonly nodes: number;
  readonly denseBytes: number;
  readonly linearBytes: number;
  /** Dense bytes of one linear byte. */
  readonly compression: number;
  /** The largest distance of a cell from the value of its leaf. */
  readonly error: number;
}

export function statisticsOf(
  grid: BrickGrid,
  rule: MergeRule,
  parts: readonly BrickLists[],
  top: readonly TopLevel[],
  root: OctreeNode,
  topError: number,
): OctreeStatistics {
  const leaves = new Array<number>(grid.levels + 1).fill(0);
  const inner = new Array<number>(grid.levels + 1).fill(0);
  for (const part of parts) {
    for (let brick = 0; brick < part.count; brick++) {
      for (let level = 0; level < grid.brickLevels; level++) {
        leaves[level]! += part.leaves[SLOTS * brick + level]!;
        inner[level]! += part.inner[SLOTS * brick + level]!;
      }
    }
    for (const [level, count] of part.absent.entries()) leaves[level]! -= count;
  }
  for (const [i, { level, states }] of top.entries()) {
    const above = top[i + 1];
    for (const [at, state] of states.entries()) {
      if (state === INNER) inner[level]!++;
      else if (state !== ABSENT && (!above || isInner(above, top[i]!, at))) leaves[level]!++;
    }
  }
  const cells = grid.sides.reduce((product, side) => product * side, 1);
  const denseBytes = 4 * cells;
  const linearBytes = parts.reduce((sum, part) => sum + part.bytes, 0) + directoryBytes(parts, top);
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const { epsilon, tau = null, kappa = 0, largest } = rule;
  return {
    ...{ epsilon, tau, kappa, largest: kappa > 0 ? largest ?? null : null, cells },
    ...{ finite: root.count, mean: root.mean, min: root.min, max: root.max },
    ...{ leaves, inner, nodes: sum(leaves) + sum(inner) },
    ...{ denseBytes, linearBytes, compression: denseBytes / linearBytes },
    error: parts.reduce((most, part) => Math.max(most, part.error), topError),
  };
}

/** Whether the parent of a node of the level below is an inner one. */
function isInner(above: TopLevel, { sides }: TopLevel, at: number): boolean {
  const x = at % sides[0], y = Math.floor(at / sides[0]) % sides[1];
  const z = Math.floor(at / sides[0] / sides[1]);
  const parent = ((z >> 1) * above.sides[1] + (y >> 1)) * above.sides[0] + (x >> 1);
  return above.states[parent] === INNER;
}

/** Of a node above bricks: its state, count and four figures. */
const NODE_BYTES = 25;

/** What finds bricks, and the levels above them. */
const directoryBytes = (parts: readonly BrickLists[], top: readonly TopLevel[]): number =>
  parts.reduce(
    (sum, { places, leaves, inner, states, figures }) =>
      sum + places.byteLength + leaves.byteLength + inner.byteLength + states.byteLength +
      figures.byteLength + 4 * states.length,
    0,
  ) +
  top.reduce((sum, { states }) => sum + NODE_BYTES * states.length, 0);
