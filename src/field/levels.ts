import type { BlockStats, Ops, Target } from "../compute/ops.ts";
import type { CellReader, Rect } from "./cells.ts";
import { heldLevels } from "./levels/held.ts";
import { sampledLevels } from "./levels/sampled.ts";
import { levelsOnDisk } from "./levels/stored.ts";
import type { Pyramid } from "./pyramid.ts";
import type { StoredPyramid } from "./store.ts";

/** Statistics of a plane's blocks from some size of them outwards, wherever they come from. */
export interface Levels {
  /** log2 of the side, in cells, of the smallest blocks whose means are there. */
  readonly meansFrom: number;
  /** The same of those of which all figures are. */
  readonly statsFrom: number;
  /** Means of a rectangle of blocks of 2^`log2` cells a side, log2 ≥ `meansFrom`. */
  means(log2: number, blocks: Rect, target: Target): void;
  /** Their figures, log2 ≥ `statsFrom`, in scratch. */
  stats(ops: Ops, log2: number, blocks: Rect): BlockStats;
  /** Of levels that are estimates: mean squared error of all means answered so far. */
  squaredError?(): number;
}

/** Where levels come from, as plain data: a file of `levels/` for each kind. */
export type LevelsRef =
  /** A pyramid in shared memory. */
  | { readonly kind: "held"; readonly pyramid: Pyramid }
  /** A pyramid on disk. */
  | { readonly kind: "stored"; readonly pyramid: StoredPyramid }
  /** A sample of the cells, read when asked for. */
  | { readonly kind: "sampled" };

/** Opens levels; those that are read from the plane's own cells are so by `reader`. */
export function openLevels(ref: LevelsRef, reader: CellReader): Levels {
  switch (ref.kind) {
    case "held":
      return heldLevels(ref.pyramid);
    case "stored":
      return levelsOnDisk(ref.pyramid, reader.ops);
    case "sampled":
      return sampledLevels(reader);
  }
}
