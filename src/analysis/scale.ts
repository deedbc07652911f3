import type { Dtype } from "../formats/format.ts";
import type { Measure } from "./measure.ts";
import {
  exactOrder,
  KeyOrder,
  median,
  medianDeviation,
  medianDeviationNear,
  quantiles,
  sortedOrder,
} from "./quantiles.ts";

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

/** Steps between the quantiles that a scale keeps. */
const STEPS = 1024;
/** Values that are sorted sooner than dealt out by their keys. */
export const FEW = 1 << 14;

/** Whether every value of a dtype is a bfloat16, so that key counts are exact. */
export const hasExactKeys = (dtype: Dtype): boolean =>
  ["BF16", "F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL"].includes(dtype);

/**
 * The scale of the values that were measured. Median, MAD and quantiles are exact (to float32) where
 * the values themselves are given or the dtype fits the key counts; else they are off by up to 2⁻⁷
 * of the value. At most 2²⁴ values are worth giving: about 1 s and two bytes each, and four for the
 * deviations.
 */
export function scaleOf(measure: Measure, values?: Float32Array, dtype: Dtype = "F32"): Scale {
  const { m2, squares: _, ...moments } = measure.moments;
  const variance = moments.count === 0 ? NaN : m2 / moments.count;
  const order = values && values.length <= FEW
    ? sorted(values, moments.count)
    : values && !hasExactKeys(dtype)
    ? exact(values, measure)
    : approximate(measure, hasExactKeys(dtype));
  const robust = 1.4826 * order.mad || Math.sqrt(variance) || 1;
  return { ...moments, variance, ...order, robust };
}

type Spread = Pick<Scale, "median" | "mad" | "quantiles">;

function approximate(measure: Measure, exactKeys: boolean): Spread {
  const order = new KeyOrder(measure, exactKeys);
  const middle = median(order);
  return {
    median: middle,
    mad: order.medianDeviation(middle),
    quantiles: quantiles(order, STEPS),
  };
}

function sorted(values: Float32Array, count: number): Spread {
  const order = sortedOrder(values, count);
  const middle = median(order);
  return {
    median: middle,
    mad: medianDeviation(order, middle),
    quantiles: quantiles(order, STEPS),
  };
}

function exact(values: Float32Array, measure: Measure): Spread {
  const { moments: { count }, keys } = measure;
  const order = exactOrder(
    values,
    count,
    Array.from({ length: STEPS + 1 }, (_, i) => i / STEPS),
    keys.length > 0 ? keys : undefined,
  );
  const middle = median(order);
  return {
    median: middle,
    mad: deviation(values, measure, middle),
    quantiles: quantiles(order, STEPS),
  };
}

/** The median absolute deviation, of which key counts, if there are any, tell where to look. */
function deviation(values: Float32Array, measure: Measure, middle: number): number {
  const { moments: { count }, keys } = measure;
  if (keys.length === 0 || count === 0) return medianDeviationNear(values, count, middle);
  const about = new KeyOrder(measure, false).medianDeviation(middle);
  // It is off by a key's width at most, of values that are so far from the middle.
  return medianDeviationNear(values, count, middle, about, (Math.abs(middle) + about) / 2 ** 6);
}

/** Frobenius norm of values of that scale. */
export const normOf = ({ count, mean, variance }: Scale): number =>
  count === 0 ? 0 : Math.sqrt(count * (variance + mean * mean));
