// Eigenvalues of symmetric matrices, and as much of their eigenvectors as is asked for.

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

/**
 * Eigenvalues and eigenvectors of a symmetric n × n matrix (row-major, only read), about 9n³
 * operations: of n = 512 a fraction of a second, of 2048 half a minute.
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  if (matrix.length !== n * n) {
    throw new RangeError(`a matrix of ${n} × ${n} has ${n * n} values, got ${matrix.length}`);
  }
  const reflections = matrix.slice();
  const tridiagonal = tridiagonalize(reflections, n);
  const rows = transposed(reflections, n);
  const found = rotate(tridiagonal, rows);
  const order = descending(found);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => vectors.set(rows.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, (i) => found[i]!), vectors };
}

/** The product of the reflections that `tridiagonalize` has left in the matrix, transposed. */
function transposed(reflections: Float64Array, n: number): Float64Array {
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  for (let k = n - 2; k >= 0; k--) {
    const from = k * n + k + 1, size = n - 1 - k;
    const rest = dot(reflections, from + 1, reflections, from + 1, size - 1);
    if (rest === 0) continue;
    const factor = 2 / (reflections[from]! ** 2 + rest);
    for (let row = (k + 1) * n + k + 1; row < n * n; row += n) {
      const share = factor * dot(rows, row, reflections, from, size);
      for (let j = 0; j < size; j++) rows[row + j]! -= share * reflections[from + j]!;
    }
  }
  return rows;
}

/**
 * Reduces a symmetric n × n matrix (row-major, destroyed) to a tridiagonal one of the same
 * eigenvalues by Householder reflections, 4n³/3 operations.
 * Source: G. H. Golub, C. F. Van Loan, "Matrix Computations", 4th ed., algorithm 8.3.1.
 */
export function tridiagonalize(matrix: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n), beside = new Float64Array(Math.max(0, n - 1));
  const w = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    diagonal[k] = matrix[k * n + k]!;
    if (k === n - 1) break;
    // The reflection sends column k below the diagonal, v, to (norm, 0, … 0).
    const v = matrix.subarray(k * n + k + 1, (k + 1) * n);
    const size = v.length;
    const rest = dot(v, 1, v, 1, size - 1);
    const first = v[0]!;
    if (rest === 0) {
      beside[k] = first;
      continue;
    }
    const norm = Math.hypot(first, Math.sqrt(rest));
    beside[k] = first > 0 ? -norm : norm;
    v[0] = first - beside[k]!;
    const factor = 2 / (v[0]! ** 2 + rest);
    // A ← A − v wᵀ − w vᵀ, with p = factor·A v and w = p − (factor·pᵀv / 2)·v.
    const below = (i: number) => (k + 1 + i) * n + k + 1;
    for (let i = 0; i < size; i++) w[i] = factor * dot(matrix, below(i), v, 0, size);
    const share = factor / 2 * dot(w, 0, v, 0, size);
    for (let i = 0; i < size; i++) w[i]! -= share * v[i]!;
    for (let i = 0; i < size; i++) {
      const row = below(i), vi = v[i]!, wi = w[i]!;
      for (let j = 0; j < size; j++) matrix[row + j]! -= vi * w[j]! + wi * v[j]!;
    }
  }
  return { diagonal, beside };
}

/** Eigenvalues of a symmetric tridiagonal matrix, and the last row of its eigenvectors. */
export function tridiagonalEigenvalues(tridiagonal: Tridiagonal): Eigenvalues {
  const last = new Float64Array(tridiagonal.diagonal.length);
  if (last.length > 0) last[last.length - 1] = 1;
  const found = rotate(tridiagonal, last);
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
function rotate({ diagonal, beside }: Tridiagonal, rows: Float64Array): Float64Array {
  const n = diagonal.length, width = n === 0 ? 0 : rows.length / n;
  const d = diagonal.slice(), e = new Float64Array(n);
  e.set(beside);
  // What is lost in the rounding of the largest entries counts as zero: next to it the small
  // eigenvalues of a nearly singular matrix are noise, which need never converge by their own size.
  const floor = Number.EPSILON * d.reduce((most, v, i) => Math.max(most, Math.abs(v), e[i]!), 0);
  for (let l = 0; l < n; l++) {
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
