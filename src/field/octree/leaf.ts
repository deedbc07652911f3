import { INNER } from "../../compute/octree.ts";
import type { Octree } from "../octree.ts";
import type { Sides } from "./grid.ts";
import { brickAt, childOf } from "./records.ts";

/** A cube of cells that are alike. */
export interface Leaf {
  /** Its least cell, along x, y, z; it has 2^`level` cells a side, some of them beyond the volume. */
  readonly corner: Sides;
  readonly level: number;
  /** Of its finite cells, NaN where there is none; of a single cell, its value. */
  readonly mean: number;
}

/** The leaf that a cell lies in. Throws `RangeError` for a cell that is not in the volume. */
export function leafAt(tree: Octree, x: number, y: number, z: number): Leaf {
  const { grid: { sides }, top } = tree;
  const cell = [x, y, z] as const;
  if (!cell.every((at, axis) => at >= 0 && at < sides[axis]! && Number.isInteger(at))) {
    throw new RangeError(`leafAt: ${x}, ${y}, ${z} is no cell of ${sides.join(" × ")}`);
  }
  const place = (level: number) => cell.map((at) => Math.floor(at / 2 ** level)) as [...Sides];
  const leaf = (level: number, mean: number): Leaf => {
    const [a, b, c] = place(level).map((at) => at * 2 ** level) as [...Sides];
    return { corner: [a, b, c], level, mean };
  };
  for (const { level, sides, states, means } of top.toReversed()) {
    const [a, b, c] = place(level);
    const at = (c * sides[1] + b) * sides[0] + a;
    if (states[at] !== INNER) return leaf(level, means[at]!);
  }
  let level = tree.grid.brickLevels, index = 0;
  const record = brickAt(tree, ...place(level));
  while (level > 0) {
    const [a, b, c] = place(--level).map((at) => at & 1) as [...Sides];
    const child = childOf(record, level + 1, index, a | b << 1 | c << 2);
    index = child.index;
    if (!child.inner) break;
  }
  return leaf(level, record.leaves[level]![index]!);
}
