/** SPEC 10: what is known of a layer's values; JSON as `GET /summary` answers it. */
export interface Summary {
  readonly count: number;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Population variance. */
  readonly variance: number | null;
  readonly l1: number | null;
  /** Frobenius norm. */
  readonly frobenius: number | null;
  /** Largest singular value of the view [first axis, all others]; null for fewer than two axes. */
  readonly spectral_norm: number | null;
  /** Largest first; at most 16. */
  readonly singular_values: readonly number[] | null;
  /** ‖W‖²_F / σ₁². */
  readonly stable_rank: number | null;
  /** exp of the entropy of σ²/Σσ² over the full spectrum, where the full spectrum was computed. */
  readonly effective_rank: number | null;
  /** Share of exact zeros. */
  readonly sparsity: number | null;
  readonly nan: number;
  readonly inf: number;
  /** 256 equal bins from min to max, the last one closed; null where there is no finite value. */
  readonly histogram: { readonly min: number; readonly max: number; readonly counts: readonly number[] } | null;
  /** Euclidean norm of each slice of the first axis; the first 4096. */
  readonly channel_norms: readonly number[] | null;
}
