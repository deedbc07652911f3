import type { BlockStats, Ops } from "../compute/ops.ts";

/** Bins of `Ops.countKeys`. */
export const KEY_BINS = 1 << 16;

/** Sums over values, mergeable in any order; plain data. All but the last three are of finite values. */
export interface Moments {
  readonly count: number;
  /** NaN where there is no finite value, as min and max. */
  readonly mean: number;
  /** Sum of squared differences from the mean. */
  readonly m2: number;
  readonly min: number;
  readonly max: number;
  /** Σ|x|. */
  readonly l1: number;
  /** Σx². */
  readonly squares: number;
  /** Values > 0. */
  readonly positive: number;
  /** Values = 0. */
  readonly zero: number;
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
}

/** Moments and the distribution of values, from which `scaleOf` makes a scale; plain data. */
export interface Measure {
  readonly moments: Moments;
  /** Values per bin of `Ops.countKeys`; float64 where more than 2³² of them may be in one bin. */
  readonly keys: Float64Array | Uint32Array;
}

/** The moments of no value. */
export const noMoments: Moments = {
  count: 0,
  mean: NaN,
  m2: 0,
  min: NaN,
  max: NaN,
  l1: 0,
  squares: 0,
  positive: 0,
  zero: 0,
  nan: 0,
  positiveInfinity: 0,
  negativeInfinity: 0,
};

// Values measured at once: two passes over 32 KB stay in the first-level cache.
const BLOCK = 4096;

/** Moments of values, in float64: exact counts, two passes over blocks that are then merged. */
export function momentsOf(values: Float32Array | Float64Array): Moments {
  let all = noMoments;
  for (let from = 0; from < values.length; from += BLOCK) {
    const to = Math.min(from + BLOCK, values.length);
    all = mergeMoments(all, momentsOfBlock(values, from, to));
  }
  return all;
}

/**
 * Moments of two sets of values together.
 * Source: T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae and a pairwise algorithm for
 * computing sample variances" (1979).
 */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const nonFinite = {
    nan: a.nan + b.nan,
    positiveInfinity: a.positiveInfinity + b.positiveInfinity,
    negativeInfinity: a.negativeInfinity + b.negativeInfinity,
  };
  if (a.count === 0) return { ...b, ...nonFinite };
  if (b.count === 0) return { ...a, ...nonFinite };
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  return {
    ...nonFinite,
    count,
    mean: (a.count * a.mean + b.count * b.mean) / count,
    m2: a.m2 + b.m2 + delta * delta * a.count * (b.count / count),
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    l1: a.l1 + b.l1,
    squares: a.squares + b.squares,
    positive: a.positive + b.positive,
    zero: a.zero + b.zero,
  };
}

/** Measures of two sets of values together. */
export function mergeMeasures(a: Measure, b: Measure): Measure {
  return {
    moments: mergeMoments(a.moments, b.moments),
    keys: Float64Array.from(a.keys, (n, bin) => n + b.keys[bin]!),
  };
}

/** Measures values chunk by chunk. */
export class Measurer {
  #moments = noMoments;
  readonly #bins = new Uint32Array(KEY_BINS);
  /** Values in `#bins` since they were last emptied. */
  #inBins = 0;
  readonly #keys = new Float64Array(KEY_BINS);

  constructor(readonly ops: Pick<Ops, "countKeys">) {}

  add(values: Float32Array): void {
    this.#moments = mergeMoments(this.#moments, momentsOf(values));
    if (this.#inBins + values.length >= 2 ** 32) this.#empty();
    this.#inBins += values.length;
    this.ops.countKeys(values, this.#bins);
  }

  result(): Measure {
    this.#empty();
    return { moments: this.#moments, keys: this.#keys.slice() };
  }

  #empty(): void {
    for (let bin = 0; bin < KEY_BINS; bin++) this.#keys[bin]! += this.#bins[bin]!;
    this.#bins.fill(0);
    this.#inBins = 0;
  }
}

/**
 * The measure of values of which block statistics and key counts are known, as a pass that builds a
 * pyramid leaves them. Σ|x| comes from the key counts: relative error ≤ 2⁻⁸, none where every value
 * fits a bfloat16 (`exactKeys`).
 */
export function measureOfBlocks(
  blocks: BlockStats,
  keys: Uint32Array | Float64Array,
  exactKeys: boolean,
): Measure {
  let count = 0, sum = 0, min = Infinity, max = -Infinity;
  let positive = 0, zero = 0, nan = 0, infinite = 0;
  for (let i = 0; i < blocks.count.length; i++) {
    nan += blocks.nan[i]!;
    infinite += blocks.infinite[i]!;
    const n = blocks.count[i]!;
    if (n === 0) continue;
    count += n;
    sum += n * blocks.mean[i]!;
    min = Math.min(min, blocks.min[i]!);
    max = Math.max(max, blocks.max[i]!);
    positive += blocks.positive[i]!;
    zero += blocks.zero[i]!;
  }
  // A NaN with a tiny payload shares the bin of +∞; the block statistics tell them apart.
  const positiveInfinity = Math.min(infinite, keys[FINITE_BINS.end]!);
  const negativeInfinity = infinite - positiveInfinity;
  const nonFinite = { nan, positiveInfinity, negativeInfinity };
  if (count === 0) return { moments: { ...noMoments, ...nonFinite }, keys };

  const mean = sum / count;
  let m2 = 0;
  for (let i = 0; i < blocks.count.length; i++) {
    const n = blocks.count[i]!;
    if (n > 0) m2 += blocks.m2[i]! + n * (blocks.mean[i]! - mean) ** 2;
  }
  let l1 = 0;
  for (let bin = FINITE_BINS.start; bin < FINITE_BINS.end; bin++) {
    const n = keys[bin]!;
    if (n > 0) {
      l1 += n * Math.abs(exactKeys ? binValue(bin) : (binEdge(bin) + binEdge(bin + 1)) / 2);
    }
  }
  const squares = m2 + count * mean * mean;
  return {
    moments: { count, mean, m2, min, max, l1, squares, positive, zero, ...nonFinite },
    keys,
  };
}

/** Bins of finite values: start ≤ bin < end. The bin before holds −∞, the one at `end` +∞. */
export const FINITE_BINS = { start: 0x0080, end: 0xff80 } as const;

const one = new DataView(new ArrayBuffer(4));

/** The least value of a finite bin, which is also where the one before ends. */
export function binEdge(bin: number): number {
  const key = bin * 0x10000;
  one.setUint32(0, key >= 0x80000000 ? key ^ 0x80000000 : ~key);
  const edge = one.getFloat32(0);
  // Beyond the last finite bin; 2¹²⁸ is where the numbers would go on.
  return Number.isFinite(edge) ? edge : Math.sign(edge) * 2 ** 128;
}

/** The bfloat16 in a finite bin: each has exactly one. */
export function binValue(bin: number): number {
  one.setUint32(0, (bin >= 0x8000 ? bin ^ 0x8000 : ~bin & 0xffff) << 16);
  return one.getFloat32(0);
}

function momentsOfBlock(values: Float32Array | Float64Array, from: number, to: number): Moments {
  let sum = 0, l1 = 0, squares = 0, min = Infinity, max = -Infinity;
  let count = 0, positive = 0, zero = 0, nan = 0, positiveInfinity = 0, negativeInfinity = 0;
  for (let i = from; i < to; i++) {
    const x = values[i]!;
    if (x - x !== 0) {
      if (x > 0) positiveInfinity++;
      else if (x < 0) negativeInfinity++;
      else nan++;
      continue;
    }
    count++;
    sum += x;
    squares += x * x;
    l1 += Math.abs(x);
    if (x > 0) positive++;
    else if (x === 0) zero++;
    if (x < min) min = x;
    if (x > max) max = x;
  }
  const nonFinite = { nan, positiveInfinity, negativeInfinity };
  if (count === 0) return { ...noMoments, ...nonFinite };
  const mean = sum / count;
  let m2 = 0;
  for (let i = from; i < to; i++) {
    const difference = values[i]! - mean;
    if (difference - difference === 0) m2 += difference * difference;
  }
  return { count, mean, m2, min, max, l1, squares, positive, zero, ...nonFinite };
}
