import fc from "fast-check";
import { orderKey } from "../../src/compute/ops.ts";

/** `Ops.countKeys`, as its definition says it. */
export const counter = {
  countKeys(values: Float32Array, bins: Uint32Array): void {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (const each of bits) bins[orderKey(each) >>> 16]!++;
  },
};

/** Statistics of the finite values, in float64 and in the most obvious way. */
export function brute(values: ArrayLike<number>) {
  const all = Array.from(values);
  const finite = all.filter(Number.isFinite);
  const sum = (f: (x: number) => number) => finite.reduce((total, x) => total + f(x), 0);
  const mean = sum((x) => x) / finite.length;
  return {
    finite,
    count: finite.length,
    mean,
    m2: sum((x) => (x - mean) ** 2),
    min: finite.reduce((a, b) => Math.min(a, b), Infinity),
    max: finite.reduce((a, b) => Math.max(a, b), -Infinity),
    l1: sum(Math.abs),
    squares: sum((x) => x * x),
    positive: finite.filter((x) => x > 0).length,
    zero: finite.filter((x) => x === 0).length,
    nan: all.filter(Number.isNaN).length,
    positiveInfinity: all.filter((x) => x === Infinity).length,
    negativeInfinity: all.filter((x) => x === -Infinity).length,
  };
}

/** numpy.quantile's default, by sorting. */
export function sortedQuantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = q * (sorted.length - 1);
  const low = sorted[Math.floor(position)]!, high = sorted[Math.ceil(position)]!;
  return low + (high - low) * (position - Math.floor(position));
}

/** numpy.median of |x − median|. */
export function sortedMad(values: readonly number[]): number {
  const middle = sortedQuantile(values, 0.5);
  return sortedQuantile(values.map((x) => Math.abs(x - middle)), 0.5);
}

/** A reproducible stream of normal deviates (xorshift32, Box and Muller 1958). */
export function normals(length: number, seed = 1): Float32Array {
  let state = seed | 0;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

/** float32 values with every special one, often equal to each other. */
export const anyValues = fc.array(
  fc.oneof(
    fc.float({ min: -1e6, max: 1e6 }).map(Math.fround),
    fc.constantFrom(0, -0, 1, -1, NaN, Infinity, -Infinity, 2 ** -149, 0.5),
  ),
  { maxLength: 60 },
).map((values) => Float32Array.from(values));

/** Rounds to bfloat16, towards zero. */
export function truncateToBf16(values: Float32Array): Float32Array {
  const bits = new Uint32Array(values.slice().buffer).map((each) => each & 0xffff0000);
  return new Float32Array(bits.buffer);
}
