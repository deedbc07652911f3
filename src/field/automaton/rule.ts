import type { Ops, VoxelTarget } from "../../compute/ops.ts";
import type { Edges, Region, Size } from "./region.ts";

/**
 * Cells of a region with a border of `reach` cells on every side; `counts` includes it. Where `ends` says
 * what lies left and right, rows are the plane's and have no border there.
 */
export interface BorderedCells {
  /** One array a field of the group. */
  readonly fields: readonly Float32Array[];
  readonly region: Region;
  readonly counts: readonly number[];
  readonly ends?: Edges | undefined;
}

/** Where a step happens. */
export interface Moment {
  /** Steps there have been. */
  readonly step: number;
  readonly size: Size;
  readonly edges: Edges;
  readonly weight: VoxelTarget;
  /** Null where the rule does not look at it. */
  readonly gradient: VoxelTarget | null;
}

/** What becomes of cells in a step. */
export interface Rule {
  /** How far away cells are looked at. */
  readonly reach: number;
  /** Fields that are stepped together, since each depends on the others: their places in a state. */
  readonly groups: readonly (readonly number[])[];
  /** Whether a step looks at gradients. */
  readonly driven: boolean;
  /** Whether a step knows what lies beyond the ends of whole rows by itself: they are copied in one go then. */
  readonly closes?: boolean;
  /** One step of a group's fields; `out` has a target for each. */
  step(ops: Ops, cells: BorderedCells, moment: Moment, out: readonly VoxelTarget[]): void;
}

/** A rule at work. */
export interface Automaton {
  readonly ops: Ops;
  readonly rule: Rule;
  readonly edges: Edges;
  /** Throws when the work is no longer wanted. */
  readonly cancelled: () => void;
}
