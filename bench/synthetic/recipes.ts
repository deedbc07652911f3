import type { Matrix } from "./llama.ts";

/** Which of a matrix's sides something runs along: each row of its own, or each column. */
export type Side = "rows" | "columns";

/** What tells one kind of matrix from another. Amplitudes are in units of `scale`. */
export interface Recipe {
  /** Standard deviation of the noise. */
  readonly scale: number;
  readonly mean: number;
  /** Amplitude of the clouds, and how far they are stretched down and across. */
  readonly clouds: number;
  readonly stretch: readonly [down: number, across: number];
  /** Amplitude of the slanting waves, and how many there are down and across. */
  readonly waves: number;
  readonly cycles: readonly [down: number, across: number];
  /** Amplitude of the low-rank part's first term; each of the next has 0.6 of the one before. */
  readonly rank: number;
  /** Where the channels of the residual stream are, some of which are outliers. */
  readonly channels: Side;
  /** Where attention heads are, each with a scale and a mean of its own. */
  readonly heads?: Side;
  /** How strongly the two halves of a head fall off, as rotary embeddings leave them. */
  readonly rotary?: number;
  /** Where the MLP's neurons are, some of which are dead. */
  readonly neurons?: Side;
  /** What a row's scale is multiplied by from the first word of the vocabulary to the last. */
  readonly words?: readonly [first: number, last: number];
}

export const recipes: Readonly<Record<Matrix, Recipe>> = {
  embed_tokens: {
    ...{
      scale: 0.02,
      mean: 0.1,
      clouds: 0.3,
      stretch: [1, 1],
      waves: 0,
      cycles: [0, 0],
      rank: 0.4,
    },
    ...{ channels: "columns", words: [0.35, 1.6] },
  },
  lm_head: {
    ...{ scale: 0.02, mean: -0.1, clouds: 0.3, stretch: [1, 1], waves: 0.2, cycles: [6, 0] },
    ...{ rank: 0.4, channels: "columns", words: [1.7, 0.7] },
  },
  q_proj: {
    ...{
      scale: 0.022,
      mean: 0,
      clouds: 0.25,
      stretch: [1, 1],
      waves: 0,
      cycles: [0, 0],
      rank: 0.3,
    },
    ...{ channels: "columns", heads: "rows", rotary: 0.7 },
  },
  k_proj: {
    ...{ scale: 0.022, mean: 0, clouds: 0.2, stretch: [0.5, 4], waves: 0.35, cycles: [0, 12] },
    ...{ rank: 0.3, channels: "columns", heads: "rows", rotary: 1 },
  },
  v_proj: {
    ...{ scale: 0.016, mean: 0, clouds: 0.5, stretch: [1, 1], waves: 0, cycles: [0, 0], rank: 0.2 },
    ...{ channels: "columns", heads: "rows" },
  },
  o_proj: {
    ...{ scale: 0.016, mean: 0, clouds: 0.3, stretch: [1, 1], waves: 0, cycles: [0, 0], rank: 0.3 },
    ...{ channels: "rows", heads: "columns" },
  },
  gate_proj: {
    ...{ scale: 0.026, mean: -0.25, clouds: 0.3, stretch: [0.3, 3], waves: 0, cycles: [0, 0] },
    ...{ rank: 0.3, channels: "columns", neurons: "rows" },
  },
  up_proj: {
    ...{ scale: 0.024, mean: 0.05, clouds: 0.25, stretch: [1, 1], waves: 0.5, cycles: [5, 3] },
    ...{ rank: 0.2, channels: "columns", neurons: "rows" },
  },
  down_proj: {
    ...{ scale: 0.018, mean: 0.2, clouds: 0.4, stretch: [3, 0.3], waves: 0, cycles: [0, 0] },
    ...{ rank: 0.3, channels: "rows", neurons: "columns" },
  },
};
