import { binEdge, binValue, FINITE_BINS, KEY_BINS, type Measure } from "./measure.ts";

/** The values of a set in ascending order, as far as they are known. */
export interface Order {
  readonly count: number;
  /** The value with `rank` others before it. */
  at(rank: number): number;
}

/** Quantile q of finite values, numpy's default: linear between the two nearest ranks. NaN of none. */
export function quantile(order: Order, q: number): number {
  if (order.count === 0) return NaN;
  const position = q * (order.count - 1);
  const rank = Math.floor(position), share = position - rank;
  const low = order.at(rank);
  if (share === 0) return low;
  const high = order.at(rank + 1);
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}

/** The middle value, or the mean of the two middle ones. NaN of none. */
export const median = (order: Order): number => quantile(order, 0.5);

/** Quantiles 0, 1/steps, … 1. */
export const quantiles = (order: Order, steps: number): Float32Array =>
  Float32Array.from({ length: steps + 1 }, (_, i) => quantile(order, i / steps));

/**
 * Order from key counts. Within a bin values are taken as evenly spread, so an error is below the
 * bin's width: ≤ 2⁻⁷ of the value, or 2⁻¹³³ next to zero. With `exact`, each bin stands for its one
 * bfloat16 and there is no error.
 */
export class KeyOrder implements Order {
  readonly count: number;
  readonly #exact: boolean;
  readonly #min: number;
  readonly #max: number;
  /** Finite values in the bins before each one. */
  readonly #before: Float64Array;

  constructor({ moments, keys }: Measure, exact: boolean) {
    this.#exact = exact;
    this.#min = moments.min;
    this.#max = moments.max;
    const { start, end } = FINITE_BINS;
    const before = new Float64Array(KEY_BINS + 1);
    let sum = 0;
    for (let bin = start; bin < end; bin++) before[bin + 1] = sum += keys[bin]!;
    before.fill(sum, end + 1);
    // −0 counts as 0: the last bin below zero holds it, and the smallest subnormals, and goes along.
    before[0x8000] = before[0x7fff]!;
    this.#before = before;
    this.count = sum;
  }

  at(rank: number): number {
    if (rank <= 0) return this.#min;
    if (rank >= this.count - 1) return this.#max;
    const bin = lastAtMost(this.#before, rank);
    const [low, high] = this.#span(bin);
    const share = (rank + 0.5 - this.#before[bin]!) / this.#in(bin);
    return low + (high - low) * share;
  }

  /** Median of |x − center|, with the same error. */
  medianDeviation(center: number): number {
    if (this.count === 0) return NaN;
    const reach = Math.max(center - this.#min, this.#max - center);
    const deviations: Order = { count: this.count, at: (k) => this.#deviation(k, center, reach) };
    return median(deviations);
  }

  /** The least d that has more than `rank` values within `center` ± d, by bisection. */
  #deviation(rank: number, center: number, reach: number): number {
    const enough = (d: number) =>
      this.#upTo(center + d, true) - this.#upTo(center - d, false) >= rank + 0.5;
    if (enough(0)) return 0;
    let low = 0, high = reach;
    for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
      if (enough(middle)) high = middle;
      else low = middle;
    }
    return high;
  }

  /** How many values are < x, or, with `inclusive`, ≤ x. */
  #upTo(x: number, inclusive: boolean): number {
    if (x < this.#min) return 0;
    if (x > this.#max) return this.count;
    const bin = binOf(x);
    const [low, high] = this.#span(bin);
    const share = low < high ? (x - low) / (high - low) : x > low || inclusive && x === low ? 1 : 0;
    return this.#before[bin]! + this.#in(bin) * Math.min(1, Math.max(0, share));
  }

  #in(bin: number): number {
    return this.#before[bin + 1]! - this.#before[bin]!;
  }

  /** Where the values of a bin lie. */
  #span(bin: number): [number, number] {
    if (bin === 0x7fff || bin === 0x8000) return [0, 0];
    if (this.#exact) return [binValue(bin), binValue(bin)];
    return [Math.max(this.#min, binEdge(bin)), Math.min(this.#max, binEdge(bin + 1))];
  }
}

/**
 * The finite values that have the given ranks (ascending), exactly. A selection, not a sort: values
 * are dealt by the upper half of their order key, and only those halves that hold a wanted rank are
 * looked into. Extra memory: two bytes a value. `keys`, if they are known, are counts of `Ops.countKeys`.
 */
export function orderStatistics(
  values: Float32Array,
  ranks: readonly number[],
  keys?: Float64Array | Uint32Array,
): Float64Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const before = new Uint32Array(KEY_BINS + 1);
  if (keys) before.set(keys, 1);
  else for (let i = 0; i < bits.length; i++) before[binOfBits(bits[i]!) + 1]!++;
  before.fill(0, 0, FINITE_BINS.start + 1);
  before.fill(0, FINITE_BINS.end + 1);
  for (let bin = 0; bin < KEY_BINS; bin++) before[bin + 1]! += before[bin]!;

  const wanted = new Uint8Array(KEY_BINS);
  const homes = ranks.map((rank) => lastAtMost(before, rank));
  for (const bin of homes) wanted[bin] = 1;

  const next = before.slice();
  const halves = new Uint16Array(before[KEY_BINS]!);
  for (let i = 0; i < bits.length; i++) {
    const bin = binOfBits(bits[i]!);
    if (wanted[bin] === 1) halves[next[bin]!++] = bits[i]! < 0x80000000 ? bits[i]! : ~bits[i]!;
  }
  for (let bin = 0; bin < KEY_BINS; bin++) {
    if (wanted[bin] === 1) halves.subarray(before[bin]!, before[bin + 1]!).sort();
  }
  return Float64Array.from(ranks, (rank, i) => valueOf(homes[i]! * 0x10000 + halves[rank]!));
}

/** Exact order of those of the values that are finite, `count` of them: for few. */
export function sortedOrder(values: Float32Array, count: number): Order {
  const finite = count === values.length ? values.slice() : values.filter(Number.isFinite);
  const bits = new Int32Array(finite.buffer);
  // Integers are sorted several times as fast: numbers below zero by their bits turned round.
  turnNegative(bits);
  bits.sort();
  turnNegative(bits);
  return { count, at: (rank) => finite[rank]! + 0 };
}

function turnNegative(bits: Int32Array): void {
  for (let i = 0; i < bits.length; i++) bits[i]! ^= bits[i]! >> 31 & 0x7fffffff;
}

/**
 * Median of |x − center|, exactly. In ascending order of the values deviations fall and then rise,
 * so that the largest that is left is always at one end: they need no sorting of their own.
 */
export function medianDeviation(order: Order, center: number): number {
  const { count } = order;
  const deviations = new Float64Array(count);
  for (let first = 0, last = count - 1; first <= last;) {
    const below = center - order.at(first), above = order.at(last) - center;
    const rank = last - first;
    if (below > above) first++;
    else last--;
    deviations[rank] = Math.max(below, above);
  }
  return median({ count, at: (rank) => deviations[rank]! });
}

/**
 * Median of |x − center| of finite values, to float32, exactly; those `about` it are looked into, give or take
 * `reach`, or all of them if it is not among those. A deviation may exceed float32 and become ∞, but never a middle
 * one.
 */
export function medianDeviationNear(
  values: Float32Array,
  count: number,
  center: number,
  about = 0,
  reach = Infinity,
): number {
  if (count === 0) return NaN;
  const low = Math.fround(about - reach), high = Math.fround(about + reach);
  const near = new Float32Array(values.length);
  let below = 0, found = 0;
  for (let i = 0; i < values.length; i++) {
    const deviation = Math.fround(Math.abs(values[i]! - center));
    if (deviation < low) below++;
    else if (deviation <= high) near[found++] = deviation;
  }
  const ranks = ranksOf(count, [0.5]);
  if (reach < Infinity && (ranks[0]! < below || ranks.at(-1)! >= below + found)) {
    return medianDeviationNear(values, count, center);
  }
  const own = ranks.map((rank) => rank - below);
  const [first, last = first] = orderStatistics(near.subarray(0, found), own);
  return median({ count, at: (rank) => rank === ranks[0] ? first! : last! });
}

/**
 * Exact order of finite values at the ranks around each of the quantiles; any other throws. `keys` are their counts,
 * if they are known.
 */
export function exactOrder(
  values: Float32Array,
  count: number,
  at: readonly number[],
  keys?: Float64Array | Uint32Array,
): Order {
  const ranks = ranksOf(count, at);
  const found = count === 0 ? new Float64Array() : orderStatistics(values, ranks, keys);
  const byRank = new Map(ranks.map((rank, i) => [rank, found[i]!]));
  return {
    count,
    at(rank) {
      const value = byRank.get(rank);
      if (value === undefined) throw new RangeError(`Rank ${rank} of ${count} was not selected.`);
      return value;
    },
  };
}

/** Ranks around quantiles, ascending. */
function ranksOf(count: number, at: readonly number[]): number[] {
  const ranks = at.flatMap((q) => {
    const rank = Math.floor(q * (count - 1));
    return rank + 1 < count ? [rank, rank + 1] : [rank];
  });
  return [...new Set(ranks)].sort((a, b) => a - b);
}

const one = new Float32Array(1);
const oneBits = new Uint32Array(one.buffer);

function binOf(x: number): number {
  one[0] = x;
  return binOfBits(oneBits[0]!);
}

/** Top half of `orderKey`. */
function binOfBits(bits: number): number {
  const top = bits >>> 16;
  return (top & 0x8000) !== 0 ? ~top & 0xffff : top | 0x8000;
}

/** The value of an order key; −0 becomes 0. */
function valueOf(key: number): number {
  oneBits[0] = key >= 0x80000000 ? key - 0x80000000 : ~key;
  return one[0]! + 0;
}

/** Index of the last entry ≤ x in an ascending list, the final entry apart. */
function lastAtMost(sorted: Uint32Array | Float64Array, x: number): number {
  let low = 0, high = sorted.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= x) low = middle;
    else high = middle;
  }
  return low;
}
