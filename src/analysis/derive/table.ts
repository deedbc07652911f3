import { attention } from "./attention.ts";
import type { Deriver, Means, Notes, Numbers, Recipe } from "./recipe.ts";
import { reduce } from "./reduce.ts";

const derivers: { readonly [Kind in Recipe["kind"]]: Deriver<Kind> } = { reduce, attention };

const deriverOf = <Kind extends Recipe["kind"]>(recipe: Recipe & { readonly kind: Kind }) =>
  derivers[recipe.kind] as unknown as Deriver<Recipe["kind"]>;

/** The shape of what a recipe makes of a tensor of this shape. Throws `BadRequest`. */
export const shapeOf = (recipe: Recipe, from: readonly number[]): readonly number[] =>
  deriverOf(recipe).shape(recipe, from);

/** How many of that shape it makes, one after the other. */
export const planesOf = (recipe: Recipe): number => deriverOf(recipe).planes ?? 1;

/** Makes them. */
export const derive = (recipe: Recipe, from: Numbers, into: Float32Array, means: Means): Notes =>
  deriverOf(recipe).fill(recipe, from, into, means);
