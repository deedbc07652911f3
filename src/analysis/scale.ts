/** What normalisation needs to know of a layer; computed once over all its values. */
export interface Scale {
  /** Finite values. All figures below are of these alone; NaN where there is none. */
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Population variance. */
  readonly variance: number;
  readonly median: number;
  /** Median absolute deviation from the median. */
  readonly mad: number;
  /** SPEC's robust scale s: 1.4826·MAD, or σ where MAD is 0, or 1 where that is 0 too. */
  readonly robust: number;
  readonly l1: number;
  readonly positive: number;
  readonly zero: number;
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Values at the quantiles 0, 1/1024, … 1, of which clipping interpolates. */
  readonly quantiles: Float32Array;
}
