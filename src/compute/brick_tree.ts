/** Cells of a box: cell (x, y, z) is `values[start + z * slice + y * pitch + x]`. */
export interface Brick {
  readonly values: Float32Array;
  readonly start: number;
  /** Elements from one row to the next, and from one slice to the next. */
  readonly pitch: number;
  readonly slice: number;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

/** When eight nodes of an octree become one: SPEC 8. */
export interface MergeRule {
  /** The cells of a leaf differ by less than ε / (1 + κ · ρ), ρ being max|cell| / `largest`. */
  readonly epsilon: number;
  /**
   * Their variance is less. Not asked for where it is not given: what is within ε has a variance
   * below ε² / 4 in any case (Popoviciu 1935).
   */
  readonly tau?: number | undefined;
  /** 0 unless given. */
  readonly kappa?: number | undefined;
  /** The largest magnitude of the volume that nodes are part of: needed where κ is above 0. */
  readonly largest?: number | undefined;
}

/** A cube of cells; figures are of the finite ones, NaN (0 for the variance) where there is none. */
export interface OctreeNode {
  /** One of `octree.ts`: an inner node, or which kind of leaf. */
  readonly state: number;
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
  readonly min: number;
  readonly max: number;
}

/** Figures of the finite cells of nodes of one level, NaN (0 for variances) where there is none. */
export interface NodeFigures {
  readonly means: Float32Array;
  readonly variances: Float32Array;
  readonly mins: Float32Array;
  readonly maxs: Float32Array;
}

/**
 * The octree of a brick, level by level: level 0 is cells, that of the root is `levels`. Each level
 * is in Morton order, x in the lowest bit, then y, then z; children of a node follow each other.
 */
export interface BrickTree {
  readonly levels: number;
  readonly root: OctreeNode;
  /**
   * Of each level below the root: a leaf stands for its mean. Those of level 0 are cells: their means are
   * their values, NaN and ±∞ among them, their other arrays are empty.
   */
  readonly leaves: readonly NodeFigures[];
  /**
   * Of the inner nodes of each level up to the root's: bit n says that child n is an inner node.
   * Levels 0 and 1 have none: cells are no inner nodes, and children of level 1 are cells.
   */
  readonly masks: readonly Uint8Array[];
  /** Of the same nodes figures… */
  readonly inner: readonly NodeFigures[];
  /** …and how many inner nodes there are, one level below, before their own children. */
  readonly firsts: readonly Uint32Array[];
  /** How many of each level's leaves lie wholly outside of the brick. */
  readonly absent: Uint32Array;
  /** The largest distance of a cell from the mean of its leaf, the root left out. */
  readonly error: number;
}

/** The least and the most levels of a `BrickTree`: 4 and 64 cells a side. */
export const BRICK_LEVELS = [2, 6] as const;
