import type { Ops } from "../../compute/ops.ts";
import type { TensorInfo } from "../../formats/format.ts";
import type { Computation } from "../../model/network.ts";
import type { TruncatedSvd } from "../truncated_svd.ts";

/** The numbers of a tensor, which need not be in memory. */
export interface Numbers {
  readonly shape: readonly number[];
  /** Elements `from` ≤ i < `from + count` in row-major order, in memory that is given, or their own. */
  read(from: number, count: number, into?: Float32Array): Float32Array;
}

/** What may be used to make others of them. */
export interface Means {
  readonly ops: Ops;
  /** Throws when the work is no longer wanted. */
  readonly cancelled: () => void;
  /** The numbers of further tensors that a recipe names; not there where none can be read. */
  readonly of?: (tensor: TensorInfo) => Numbers;
}

/** Of what is made, what no pixel shows: by name, numbers for legends. */
export type Notes = Readonly<Record<string, readonly number[]>>;

/** How numbers are made of a tensor's, as plain data; `table.ts` has what does it. */
export type Recipe =
  | {
    /** Of all cells along `axes`, their mean or their population variance. */
    readonly kind: "reduce";
    readonly how: "mean" | "variance";
    readonly axes: readonly number[];
  }
  | {
    /** The first three principal components of samples, once they are averaged over axes `mean`. */
    readonly kind: "pca";
    readonly mean: readonly number[];
    /** The axis whose places are features; all that are left are samples. */
    readonly features: number;
  }
  | {
    /** Of an attention [N, N], or the mean of [heads, N, N]. */
    readonly kind: "attention";
    /** (A + Aᵀ) / 2 instead of A. */
    readonly symmetric: boolean;
    /** How often it is squared, rows made to sum to 1 each time. */
    readonly squarings: number;
    /** Whether positions come in the order of the Fiedler vector. */
    readonly reordered: boolean;
  }
  | {
    /** The largest singular values and vectors of the view [first axis, all others]. */
    readonly kind: "svd";
    readonly count: number;
  }
  | {
    /** The sum of some of those of a tensor of this shape: `rank` of them, or those of a share of the largest. */
    readonly kind: "low-rank";
    readonly shape: readonly number[];
    readonly rank: number | null;
    readonly share: number;
  }
  | {
    /** Norms of all cells that share their places along these axes. */
    readonly kind: "norms";
    readonly along: readonly number[];
    /** Whether they are divided by the root of the mean of their squares. */
    readonly relative: boolean;
  }
  | {
    /** The eigenvectors of the Laplacian of an attention, or of the mean of several. */
    readonly kind: "laplacian";
  }
  | {
    /** How much what a network computes changes with one of the samples that are the tensor. */
    readonly kind: "jacobian";
    readonly computation: Exclude<Computation, { readonly kind: "unknown" }>;
    readonly sample: number;
    /** One of its outputs, counted over all of them; null for all. */
    readonly output: number | null;
    /** `auto`: exact where outputs are few. */
    readonly method: "auto" | "exact" | "hutchinson" | "projection";
    readonly probes: number;
    /** What hues tell: see `jacobian.ts`. */
    readonly hue: "pair" | "leading";
  };

/** One way of making numbers of others. */
export interface Deriver<Kind extends Recipe["kind"]> {
  /** How many of that shape, one after the other; one unless given. */
  readonly planes?: number;
  /** The shape of what comes of a tensor of this shape. Throws `BadRequest` where nothing can. */
  shape(recipe: Recipe & { readonly kind: Kind }, from: readonly number[]): readonly number[];
  /** Fills `into`, row-major. */
  fill(
    recipe: Recipe & { readonly kind: Kind },
    from: Numbers,
    into: Float32Array,
    means: Means,
  ): Notes | Promise<Notes>;
  /** What is done to all of that then, a number of times. */
  readonly repeated?: Repetition<Kind>;
  /** How `fill` is done where a GPU finds singular vectors; not there where it needs none. */
  readonly singular?: Singular<Kind>;
}

/** Sides of a matrix, and how many of its largest singular values are needed. */
export interface Sides {
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
}

/** Numbers that are made of the largest singular values and vectors of a matrix. */
export interface Singular<Kind extends Recipe["kind"]> {
  sides(recipe: Recipe & { readonly kind: Kind }, from: readonly number[]): Sides;
  /** Fills `matrix`, row-major. */
  matrix(
    recipe: Recipe & { readonly kind: Kind },
    from: Numbers,
    matrix: Float32Array,
    means: Means,
  ): void | Promise<void>;
  /** Fills `into` with what is made of a matrix and what was found of it. */
  finish(sides: Sides, matrix: Float32Array, found: TruncatedSvd, into: Float32Array): Notes;
}

/** How often a square matrix is squared, its rows divided by their sums each time: by all workers, or by a GPU. */
export interface Repetition<Kind extends Recipe["kind"]> {
  times(recipe: Recipe & { readonly kind: Kind }): number;
  /** Fills rows `from` ≤ i < `to` of `into` from all of the matrix as it was `before`. */
  fill(
    shape: readonly number[],
    before: Float32Array,
    into: Float32Array,
    rows: Rows,
    means: Means,
  ): void;
}

/** Some rows of a matrix: `from` ≤ i < `to`. */
export interface Rows {
  readonly from: number;
  readonly to: number;
}
