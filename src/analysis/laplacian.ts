import { dot, type Eigen, symmetricEigen } from "./eigenvalues.ts";
import { uniform } from "./random.ts";
import { NotFinite } from "./row_bands.ts";

/** Sides up to which all eigenvalues are computed: seconds. */
const DENSE = 512;
/** Share of the largest eigenvalue at which a residual is small enough, and vectors in the basis, at most. */
const TOLERANCE = 1e-8;
const BASIS = 600;

/**
 * The smallest eigenvalues of the Laplacian L = D − S of a weighted graph, smallest first, and their unit
 * eigenvectors as rows, the component of the largest magnitude positive: S = (A + Aᵀ) / 2 for the n × n matrix A
 * (row-major, only read), D the sums of S's rows. Up to n = 512 by all of them; beyond that by the Lanczos process
 * on bound·I − L, for which the n² of S are read some hundred times: eigenvalues whose residuals do not come
 * below 1e-8 of the largest within 600 vectors are as good as those make them. A graph in several pieces has as
 * many eigenvalues that are zero; those of equal value have any vectors that span the same.
 * `cancelled` throws when they are no longer wanted. Throws `NotFinite` where numbers are not.
 */
export function laplacianEigen(
  matrix: Float32Array | Float64Array,
  n: number,
  count: number,
  cancelled: () => void = () => {},
): Eigen {
  if (matrix.length !== n * n) {
    throw new RangeError(`a graph of ${n} nodes has ${n * n} weights, got ${matrix.length}`);
  }
  const laplacian = laplacianOf(matrix, n), found = Math.min(count, n);
  if (n <= DENSE) {
    const { values, vectors } = symmetricEigen(laplacian, n, { cancelled });
    const rows = Array.from(
      { length: found },
      (_, i) => vectors.slice((n - 1 - i) * n, (n - i) * n),
    );
    return gather(Float64Array.from(rows, (_, i) => values[n - 1 - i]!), rows, n);
  }
  return lanczos(laplacian, n, found, cancelled);
}

function laplacianOf(matrix: Float32Array | Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) {
      const weight = (matrix[i * n + j]! + matrix[j * n + i]!) / 2;
      out[i * n + j] = -weight;
      sum += weight;
    }
    if (!Number.isFinite(sum)) throw new NotFinite(`weights of node ${i} of ${n} sum to ${sum}`);
    out[i * n + i]! += sum;
  }
  return out;
}

/** Source: B. N. Parlett, "The Symmetric Eigenvalue Problem" (1980), chapter 13. */
function lanczos(a: Float64Array, n: number, count: number, cancelled: () => void): Eigen {
  const bound = gershgorin(a, n), random = uniform();
  const basis: Float64Array[] = [], diagonal: number[] = [], beside: number[] = [];
  let next = Float64Array.from({ length: n }, random), norm = orthonormalize(next, basis);
  for (;;) {
    cancelled();
    const q = next;
    basis.push(q);
    next = new Float64Array(n);
    for (let i = 0; i < n; i++) next[i] = bound * q[i]! - dot(a, i * n, q, 0, n);
    diagonal.push(dot(next, 0, q, 0, n));
    norm = orthonormalize(next, basis);
    const m = basis.length, last = m === Math.min(n, BASIS);
    if (last || m >= 2 * count && m % 16 === 0) {
      const projected = new Float64Array(m * m);
      for (let i = 0; i < m; i++) {
        projected[i * m + i] = diagonal[i]!;
        if (i > 0) projected[i * m + i - 1] = projected[(i - 1) * m + i] = beside[i - 1]!;
      }
      const { values, vectors } = symmetricEigen(projected, m, { cancelled });
      const residual = (k: number) => norm * Math.abs(vectors[(k + 1) * m - 1]!);
      const settled = Array.from({ length: count }, (_, k) => residual(k) <= TOLERANCE * bound);
      if (last || settled.every(Boolean)) {
        const rows = Array.from({ length: count }, (_, k) => {
          const row = new Float64Array(n);
          for (const [j, each] of basis.entries()) {
            for (let i = 0, share = vectors[k * m + j]!; i < n; i++) row[i]! += share * each[i]!;
          }
          return row;
        });
        return gather(Float64Array.from(rows, (_, i) => bound - values[i]!), rows, n);
      }
    }
    // The basis spans all that the start can reach; another start may reach more.
    if (norm <= 1e-13 * bound) {
      next = Float64Array.from({ length: n }, random);
      orthonormalize(next, basis);
      norm = 0;
    }
    beside.push(norm);
  }
}

/** No eigenvalue is larger. */
function gershgorin(a: Float64Array, n: number): number {
  let most = 0;
  for (let i = 0; i < n; i++) {
    let sum = a[i * n + i]!;
    for (let j = 0; j < n; j++) if (j !== i) sum += Math.abs(a[i * n + j]!);
    most = Math.max(most, sum);
  }
  return most;
}

/** Makes v a unit vector orthogonal to the basis; returns the norm of what was left of it. */
function orthonormalize(v: Float64Array, basis: readonly Float64Array[]): number {
  for (let round = 0; round < 2; round++) {
    for (const b of basis) {
      const share = dot(v, 0, b, 0, v.length);
      for (let i = 0; i < v.length; i++) v[i]! -= share * b[i]!;
    }
  }
  const norm = Math.sqrt(dot(v, 0, v, 0, v.length));
  if (norm > 0) { for (let i = 0; i < v.length; i++) v[i]! /= norm; }
  return norm;
}

function gather(values: Float64Array, rows: readonly Float64Array[], n: number): Eigen {
  const vectors = new Float64Array(rows.length * n);
  for (const [i, row] of rows.entries()) {
    const largest = row.reduce((most, x) => Math.abs(x) > Math.abs(most) ? x : most, 0);
    vectors.set(largest < 0 ? row.map((x) => -x) : row, i * n);
  }
  return { values, vectors };
}
