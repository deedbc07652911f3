import { mergeMoments, type Moments, noMoments } from "./measure.ts";
import type { Scale } from "./scale.ts";

/** Points that each scale's distribution is taken at. */
const POINTS = 128;
/** Steps between the quantiles of the result. */
const STEPS = 1024;

/**
 * The scale of several sets of values together. Counts and moments are exact; median, deviation and
 * quantiles come from 129 quantiles of each, so that ranks are off by at most 1/128.
 */
export function joinScales(scales: readonly Scale[]): Scale {
  const moments = scales.reduce<Moments>(
    (all, scale) => mergeMoments(all, momentsOf(scale)),
    noMoments,
  );
  const order = new Weighted(scales);
  const median = order.at(0.5);
  const mad = order.deviation(median);
  const { m2, squares: _, ...figures } = moments;
  const variance = moments.count === 0 ? NaN : m2 / moments.count;
  return {
    ...figures,
    variance,
    median,
    mad,
    robust: 1.4826 * mad || Math.sqrt(variance) || 1,
    quantiles: Float32Array.from({ length: STEPS + 1 }, (_, i) => order.at(i / STEPS)),
  };
}

function momentsOf({ variance, ...scale }: Scale): Moments {
  const m2 = scale.count === 0 ? 0 : variance * scale.count;
  const squares = scale.count === 0 ? 0 : m2 + scale.count * scale.mean ** 2;
  return { ...scale, m2, squares };
}

/** Values with weights, in ascending order. */
class Weighted {
  readonly #values: Float64Array;
  /** Weight up to and including each. */
  readonly #sums: Float64Array;

  constructor(scales: readonly Scale[]) {
    const points = scales.filter(({ count }) => count > 0).flatMap(({ quantiles, count }) => {
      const last = quantiles.length - 1;
      return Array.from({ length: POINTS + 1 }, (_, i) => {
        const weight = (i === 0 || i === POINTS ? 0.5 : 1) * count / POINTS;
        return { value: quantiles[Math.round(i * last / POINTS)]!, weight };
      });
    });
    points.sort((a, b) => a.value - b.value);
    this.#values = Float64Array.from(points, ({ value }) => value);
    let sum = 0;
    this.#sums = Float64Array.from(points, ({ weight }) => sum += weight);
  }

  /** Quantile q; NaN of nothing. */
  at(q: number): number {
    const sums = this.#sums;
    if (sums.length === 0) return NaN;
    return this.#values[firstAtLeast(sums, q * sums.at(-1)!)]!;
  }

  /** Median of |x − center|, by bisection. */
  deviation(center: number): number {
    if (this.#sums.length === 0) return NaN;
    const half = this.#sums.at(-1)! / 2;
    const within = (d: number) => this.#upTo(center + d) - this.#below(center - d);
    if (within(0) >= half) return 0;
    let low = 0, high = Math.max(center - this.#values[0]!, this.#values.at(-1)! - center);
    for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
      if (within(middle) >= half) high = middle;
      else low = middle;
    }
    return high;
  }

  /** Weight of the values below x. */
  #below(x: number): number {
    return this.#sums[leading(this.#values, (value) => value < x) - 1] ?? 0;
  }

  /** Weight of the values up to x. */
  #upTo(x: number): number {
    return this.#sums[leading(this.#values, (value) => value <= x) - 1] ?? 0;
  }
}

/** Index of the first entry ≥ x of an ascending list; its last where there is none. */
const firstAtLeast = (sorted: Float64Array, x: number): number =>
  Math.min(leading(sorted, (value) => value < x), sorted.length - 1);

/** How many entries at the start of a list belong; none does after the first that does not. */
function leading(list: Float64Array, belongs: (value: number) => boolean): number {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (belongs(list[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
