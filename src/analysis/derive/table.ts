import { attention } from "./attention.ts";
import { jacobian } from "./jacobian.ts";
import { laplacian } from "./laplacian.ts";
import { norms } from "./norms.ts";
import { pca } from "./pca.ts";
import type { TruncatedSvd } from "../truncated_svd.ts";
import type { Deriver, Means, Notes, Numbers, Recipe, Rows, Sides, Singular } from "./recipe.ts";
import { reduce } from "./reduce.ts";
import { lowRank, svd } from "./svd.ts";

const derivers: { readonly [Kind in Recipe["kind"]]: Deriver<Kind> } = {
  reduce,
  pca,
  attention,
  laplacian,
  svd,
  "low-rank": lowRank,
  norms,
  jacobian,
};

const deriverOf = <Kind extends Recipe["kind"]>(recipe: Recipe & { readonly kind: Kind }) =>
  derivers[recipe.kind] as unknown as Deriver<Recipe["kind"]>;

/** The shape of what a recipe makes of a tensor of this shape. Throws `BadRequest`. */
export const shapeOf = (recipe: Recipe, from: readonly number[]): readonly number[] =>
  deriverOf(recipe).shape(recipe, from);

/** How many of that shape it makes, one after the other. */
export const planesOf = (recipe: Recipe): number => deriverOf(recipe).planes ?? 1;

/** How often something is done to all of it then. */
export const repetitionsOf = (recipe: Recipe): number =>
  deriverOf(recipe).repeated?.times(recipe) ?? 0;

/** Does it once to some rows of a matrix of this shape. */
export function repeat(
  recipe: Recipe,
  shape: readonly number[],
  before: Float32Array,
  into: Float32Array,
  rows: Rows,
  means: Means,
): void {
  deriverOf(recipe).repeated?.fill(shape, before, into, rows, means);
}

/** Makes them, as they are before anything is repeated. */
export const derive = (
  recipe: Recipe,
  from: Numbers,
  into: Float32Array,
  means: Means,
): Notes | Promise<Notes> => deriverOf(recipe).fill(recipe, from, into, means);

/** How it is made of singular vectors that a GPU finds; undefined where it is not. */
const singularOf = (recipe: Recipe): Singular<Recipe["kind"]> | undefined =>
  deriverOf(recipe).singular;

/** Sides of the matrix whose singular vectors it is made of; null where it is made otherwise. */
export const singularSides = (recipe: Recipe, from: readonly number[]): Sides | null =>
  singularOf(recipe)?.sides(recipe, from) ?? null;

/** Fills that matrix. */
export const fillMatrix = (
  recipe: Recipe,
  from: Numbers,
  matrix: Float32Array,
  means: Means,
): void | Promise<void> => singularOf(recipe)?.matrix(recipe, from, matrix, means);

/** Makes them of what was found of the matrix. */
export const finish = (
  recipe: Recipe,
  sides: Sides,
  matrix: Float32Array,
  found: TruncatedSvd,
  into: Float32Array,
): Notes => singularOf(recipe)?.finish(sides, matrix, found, into) ?? {};

/** Passes over a matrix in which its largest singular vectors are found, about. */
const PASSES = 100;

/** Multiplications, about, of what a GPU could do of it; 0 where that is nothing. */
export function multiplicationsOf(recipe: Recipe, from: readonly number[]): number {
  const sides = singularSides(recipe, from);
  if (sides) return PASSES * sides.rows * sides.columns;
  return repetitionsOf(recipe) * (from.at(-1) ?? 0) ** 3;
}
