import { dot } from "./eigenvalues.ts";

// What is done with many vectors at once, in float64.

/**
 * Takes from a vector what the basis has of it, and answers that in its terms: first of the last vectors, which
 * are all that AᵀA of one of them has a share of but for rounding, then of all, as rounding is what the first
 * leaves behind. A vector that comes of nothing in particular takes two rounds of all.
 */
export function orthogonalize(
  vector: Float64Array,
  basis: readonly Float64Array[],
  near = basis.length,
): number[] {
  const shares = new Array<number>(basis.length).fill(0);
  for (const first of [Math.max(0, basis.length - near), 0]) {
    const vectors = basis.slice(first), found = inner(vectors, vector);
    addMultiples(vector, vectors, found.map((share) => -share));
    for (const [k, share] of found.entries()) shares[first + k]! += share;
  }
  return shares;
}

type Vectors = readonly (Float32Array | Float64Array)[];

/** Inner products with a vector, four at a time: it is loaded a quarter as often. */
function inner(vectors: Vectors, vector: Float64Array): Float64Array {
  const found = new Float64Array(vectors.length);
  for (let k = 0; k < vectors.length; k += 4) {
    const [p, q, r, s] = four(vectors, k, vector);
    let a = 0, b = 0, c = 0, d = 0;
    for (let i = 0; i < vector.length; i++) {
      const x = vector[i]!;
      a += p[i]! * x;
      b += q[i]! * x;
      c += r[i]! * x;
      d += s[i]! * x;
    }
    found.set([a, b, c, d].slice(0, vectors.length - k), k);
  }
  return found;
}

/** sum += Σ share · vector, four at a time. */
function addMultiples(sum: Float64Array, vectors: Vectors, shares: Float64Array): void {
  for (let k = 0; k < vectors.length; k += 4) {
    const [p, q, r, s] = four(vectors, k, sum),
      [a, b = 0, c = 0, d = 0] = shares.subarray(k, k + 4);
    for (let i = 0; i < sum.length; i++) sum[i]! += a! * p[i]! + b * q[i]! + c * r[i]! + d * s[i]!;
  }
}

/** `count` sums Σ share · vector, two at a time of four vectors; shares of one sum after those of another. */
export function combine(
  vectors: Vectors,
  shares: Float64Array,
  count: number,
  length: number,
): Float64Array[] {
  const none = new Float64Array(length), terms = shares.length / count;
  const sums = Array.from({ length: count + count % 2 }, () => new Float64Array(length));
  for (let n = 0; n < count; n += 2) {
    const x = sums[n]!, y = sums[n + 1]!;
    const ofX = shares.subarray(n * terms, (n + 1) * terms);
    const ofY = shares.subarray((n + 1) * terms, (n + 2) * terms);
    for (let k = 0; k < terms; k += 4) {
      const [p, q, r, s] = four(vectors, k, none);
      const [a, b = 0, c = 0, d = 0] = ofX.subarray(k, k + 4);
      const [e = 0, f = 0, g = 0, h = 0] = ofY.subarray(k, k + 4);
      for (let i = 0; i < length; i++) {
        const t = p[i]!, u = q[i]!, v = r[i]!, w = s[i]!;
        x[i]! += a! * t + b * u + c * v + d * w;
        y[i]! += e * t + f * u + g * v + h * w;
      }
    }
  }
  return sums.slice(0, count);
}

/** Vectors k … k + 3, and another for those that do not exist. */
const four = (vectors: Vectors, k: number, other: Float64Array) =>
  [vectors[k]!, vectors[k + 1] ?? other, vectors[k + 2] ?? other, vectors[k + 3] ?? other] as const;

export const normOf = (vector: Float64Array): number =>
  Math.sqrt(dot(vector, 0, vector, 0, vector.length));

export function multiplyBy(vector: Float64Array, factor: number): void {
  for (let i = 0; i < vector.length; i++) vector[i]! *= factor;
}

/** That of the component of the largest magnitude. */
export function sign(vector: Float64Array): number {
  const largest = vector.reduce((most, each) => Math.abs(each) > Math.abs(most) ? each : most, 0);
  return largest < 0 ? -1 : 1;
}
