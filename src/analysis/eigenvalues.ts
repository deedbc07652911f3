import { reference } from "../compute/reference.ts";
import type { Ops } from "../compute/ops.ts";

// Eigenvalues of symmetric matrices, and as much of their eigenvectors as is asked for.

/** Squares of what counts as zero: reflections of less than its root would be made of rounded-off denormals. */
const TINY = 2 ** -960;

/** A symmetric tridiagonal matrix: n on the diagonal, n − 1 beside it. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly beside: Float64Array;
}

/** Eigenvalues, largest first, and the last component of each one's unit eigenvector. */
export interface Eigenvalues {
  readonly values: Float64Array;
  readonly last: Float64Array;
}

/** Eigenvalues, largest first; row i of `vectors` (n × n, row-major) is the i-th's unit eigenvector. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/** What takes the time, and what ends it. */
export interface Reduction {
  /** Kernels of the reduction, which is most of it where no vectors are asked for. */
  readonly ops?: Ops;
  /** Throws when the eigenvalues are no longer wanted; asked for every row. */
  readonly cancelled?: () => void;
}

/**
 * Eigenvalues and eigenvectors of a symmetric n × n matrix (row-major, of which the lower triangle is
 * read), about 9n³ operations: of n = 512 a fraction of a second, of 2048 half a minute.
 */
export function symmetricEigen(matrix: Float64Array, n: number, how: Reduction = {}): Eigen {
  if (matrix.length !== n * n) {
    throw new RangeError(`a matrix of ${n} × ${n} has ${n * n} values, got ${matrix.length}`);
  }
  const { cancelled } = how;
  const reflections = matrix.slice();
  const tridiagonal = tridiagonalize(reflections, n, how);
  const rows = transposed(reflections, n, cancelled);
  const found = rotate(tridiagonal, rows, cancelled);
  const order = descending(found);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => vectors.set(rows.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, (i) => found[i]!), vectors };
}

/** The product of the reflections that `tridiagonalize` has left in the matrix, transposed. */
function transposed(
  reflections: Float64Array,
  n: number,
  cancelled: () => void = () => {},
): Float64Array {
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  for (let k = 1; k < n; k++) {
    cancelled();
    const from = k * n;
    const rest = dot(reflections, from, reflections, from, k - 1);
    if (rest < TINY) continue;
    const factor = 2 / (reflections[from + k - 1]! ** 2 + rest);
    for (let row = 0; row < k * n; row += n) {
      const share = factor * dot(rows, row, reflections, from, k);
      for (let j = 0; j < k; j++) rows[row + j]! -= share * reflections[from + j]!;
    }
  }
  return rows;
}

/**
 * Reduces a symmetric n × n matrix (row-major, whose lower triangle is read and destroyed) to a tridiagonal one of
 * the same eigenvalues by Householder reflections, from the last row up, 4n³/3 operations: of n = 2048 a second
 * or two where `ops` are SIMD kernels, from memory near which they take it if they have room for it.
 * Source: G. H. Golub, C. F. Van Loan, "Matrix Computations", 4th ed., algorithm 8.3.1; the order of
 * R. S. Martin, C. Reinsch, J. H. Wilkinson, "Householder's tridiagonalization" (1968), tred2.
 */
export function tridiagonalize(
  matrix: Float64Array,
  n: number,
  { ops = reference, cancelled = () => {} }: Reduction = {},
): Tridiagonal {
  const kept = ops.keep(8 * n * (n + 4));
  try {
    const all = new Float64Array(kept.buffer, kept.byteOffset, n * (n + 4));
    const near = all.subarray(0, n * n);
    near.set(matrix);
    const found = reduce(near, n, all.subarray(n * n), ops, cancelled);
    matrix.set(near);
    return found;
  } finally {
    ops.release(kept);
  }
}

function reduce(
  matrix: Float64Array,
  n: number,
  room: Float64Array,
  ops: Ops,
  cancelled: () => void,
): Tridiagonal {
  const diagonal = new Float64Array(n), beside = new Float64Array(Math.max(0, n - 1));
  const none = room.subarray(0, n).fill(0);
  // The update that rows above still lack: A ← A − v wᵀ − w vᵀ.
  let v = none, w = none;
  for (let k = n - 1; k >= 0; k--) {
    cancelled();
    const row = matrix.subarray(k * n, k * n + k + 1);
    for (let j = 0; j <= k; j++) row[j]! -= v[k]! * w[j]! + w[k]! * v[j]!;
    diagonal[k] = row[k]!;
    if (k === 0) break;
    // The reflection sends the row up to the diagonal, x, to (0, … 0, norm).
    const x = row.subarray(0, k), product = room.subarray((1 + k % 2) * n, (1 + k % 2) * n + k);
    const rest = dot(x, 0, x, 0, k - 1), last = x[k - 1]!;
    let factor = 0;
    beside[k - 1] = last;
    if (rest >= TINY) {
      const norm = Math.hypot(last, Math.sqrt(rest));
      beside[k - 1] = last > 0 ? -norm : norm;
      x[k - 1] = last - beside[k - 1]!;
      factor = 2 / (x[k - 1]! ** 2 + rest);
    }
    const above = { values: matrix, side: k, pitch: n };
    ops.syr2Symv(above, v.subarray(0, k), w.subarray(0, k), x, product.fill(0));
    // w = p − (factor·pᵀx / 2)·x, with p = factor·A x; nothing of either where there is no reflection.
    for (let i = 0; i < k; i++) product[i]! *= factor;
    const share = factor / 2 * dot(product, 0, x, 0, k);
    for (let i = 0; i < k; i++) product[i]! -= share * x[i]!;
    [v, w] = factor === 0 ? [none, none] : [x, product];
  }
  return { diagonal, beside };
}

/** Eigenvalues of a symmetric tridiagonal matrix, and the last row of its eigenvectors. */
export function tridiagonalEigenvalues(
  tridiagonal: Tridiagonal,
  cancelled?: () => void,
): Eigenvalues {
  const last = new Float64Array(tridiagonal.diagonal.length);
  if (last.length > 0) last[last.length - 1] = 1;
  const found = rotate(tridiagonal, last, cancelled);
  const order = descending(found);
  return {
    values: Float64Array.from(order, (i) => found[i]!),
    last: Float64Array.from(order, (i) => last[i]!),
  };
}

const descending = (values: Float64Array): number[] =>
  Array.from(values.keys()).sort((a, b) => values[b]! - values[a]!);

/**
 * Eigenvalues of a symmetric tridiagonal matrix, in no order, by the implicit QL algorithm, O(n²).
 * `rows`, n of any length, become Wᵀ times what they were, W having the eigenvectors as columns: of the last
 * unit vector that is their last components, as in Golub and Welsch (1969).
 * Source: A. Dubrulle, R. S. Martin, J. H. Wilkinson, "The implicit QL algorithm" (1968).
 */
function rotate(
  { diagonal, beside }: Tridiagonal,
  rows: Float64Array,
  cancelled: () => void = () => {},
): Float64Array {
  const n = diagonal.length, width = n === 0 ? 0 : rows.length / n;
  const d = diagonal.slice(), e = new Float64Array(n);
  e.set(beside);
  // What is lost in the rounding of the largest entries counts as zero: next to it the small
  // eigenvalues of a nearly singular matrix are noise, which need never converge by their own size.
  const floor = Number.EPSILON * d.reduce((most, v, i) => Math.max(most, Math.abs(v), e[i]!), 0);
  for (let l = 0; l < n; l++) {
    cancelled();
    for (let sweep = 0;; sweep++) {
      let m = l;
      while (m < n - 1) {
        const small = Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!));
        if (Math.abs(e[m]!) <= Math.max(small, floor)) break;
        m++;
      }
      if (m === l) break;
      if (sweep === 60) {
        throw new RangeError(`Eigenvalue ${l} of ${n} has not converged after ${sweep} QL sweeps.`);
      }
      let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      let r = Math.hypot(g, 1);
      g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
      let s = 1, c = 1, p = 0, i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i]!, b = c * e[i]!;
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          // The matrix falls apart here: go on with the smaller part.
          d[i + 1]! -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1]! - p;
        r = (d[i]! - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        for (let at = i * width, end = at + width; at < end; at++) {
          const y = rows[at]!, z = rows[at + width]!;
          rows[at + width] = s * y + c * z;
          rows[at] = c * y - s * z;
        }
      }
      if (i >= l) continue;
      d[l]! -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
  return d;
}

/** Σ a[from + i] · b[start + i] over `length` entries. */
export function dot(
  a: Float64Array,
  from: number,
  b: Float64Array,
  start: number,
  length: number,
): number {
  let even = 0, odd = 0, i = 0;
  for (; i + 1 < length; i += 2) {
    even += a[from + i]! * b[start + i]!;
    odd += a[from + i + 1]! * b[start + i + 1]!;
  }
  if (i < length) even += a[from + i]! * b[start + i]!;
  return even + odd;
}
