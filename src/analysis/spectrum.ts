import { dot, tridiagonalEigenvalues, tridiagonalize } from "./eigenvalues.ts";

/**
 * Elements `from` ≤ i < `from + count` of a tensor in row-major order, decoded. The array may be
 * used again by the next call.
 */
export type Reader = (
  from: number,
  count: number,
) => Float32Array | Float64Array | Promise<Float32Array | Float64Array>;

/** A matrix that need not be in memory: element (i, j) is element `i * columns + j` of the reader. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly read: Reader;
}

export interface Spectrum {
  /** Singular values, largest first; at most as many as asked for. */
  readonly singular: readonly number[];
  /** All of them, where all were computed. */
  readonly full: Float64Array | null;
}

// The shorter side and the multiplications up to which every singular value is computed.
const FULL_SIDE = 1024;
const FULL_WORK = 5e9;
// Elements read at once: they stay in the second-level cache.
const BAND = 1 << 18;
// Lanczos vectors longer than this are avoided at the price of a second pass over the matrix.
const LONG = 1 << 16;
// Lanczos steps after which values that have not converged are given up, all but the first.
const STEPS = 400;
// Residual, as a share of σ₁², at which an eigenvalue has converged: a bound of its error.
const TOLERANCE = 1e-6;

/**
 * Largest singular values of a matrix of finite numbers, each off by at most 1e-6·σ₁ where it is
 * above σ₁/2. Small matrices give the full spectrum in one pass; as the squares of singular values
 * are computed, those below 1e-8·σ₁ are lost in rounding. Large ones take a pass, or two if very
 * wide, for each of some hundred steps; values that converge slowly are then left out, and one that
 * repeats exactly may be found only once. Throws the signal's reason when aborted.
 */
export async function spectrum(
  matrix: Matrix,
  count: number,
  signal?: AbortSignal,
): Promise<Spectrum> {
  const side = Math.min(matrix.rows, matrix.columns);
  const work = side * matrix.rows * matrix.columns / 2;
  if (side > 2 && (side > FULL_SIDE || work > FULL_WORK)) {
    return { singular: (await lanczos(matrix, count, signal)).map(root), full: null };
  }
  const { values } = tridiagonalEigenvalues(tridiagonalize(await gram(matrix, signal), side));
  const full = values.map(root);
  return { singular: [...full.subarray(0, count)], full };
}

const root = (square: number) => Math.sqrt(Math.max(0, square));

/** A·Aᵀ or Aᵀ·A, whichever is smaller, in one pass: its eigenvalues are the squares of A's. */
async function gram({ rows, columns, read }: Matrix, signal?: AbortSignal): Promise<Float64Array> {
  const wide = rows <= columns;
  const [side, long] = wide ? [rows, columns] : [columns, rows];
  const product = new Float64Array(side * side);
  const width = Math.min(long, Math.max(1, Math.floor(BAND / side)));
  // A slab holds a piece of each row of A, or of each column where those are fewer.
  const slab = new Float64Array(side * width);
  for (let from = 0; from < long; from += width) {
    signal?.throwIfAborted();
    const length = Math.min(width, long - from);
    if (wide) {
      for (let i = 0; i < side; i++) slab.set(await read(i * columns + from, length), i * length);
    } else {
      const band = await read(from * columns, length * columns);
      for (let k = 0, at = 0; k < length; k++) {
        for (let j = 0; j < side; j++) slab[j * length + k] = band[at++]!;
      }
    }
    for (let i = 0; i < side; i++) {
      for (let j = 0; j <= i; j++) {
        product[i * side + j]! += dot(slab, i * length, slab, j * length, length);
      }
    }
  }
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < i; j++) product[j * side + i] = product[i * side + j]!;
  }
  return product;
}

/**
 * Largest eigenvalues of AᵀA, or AAᵀ, by the Lanczos process with full reorthogonalization, from a
 * start that is random but always the same.
 * Source: B. N. Parlett, "The Symmetric Eigenvalue Problem" (1980), chapters 12 and 13.
 */
async function lanczos(matrix: Matrix, count: number, signal?: AbortSignal): Promise<number[]> {
  const tall = matrix.columns <= Math.max(matrix.rows, LONG);
  const [apply, n] = tall ? [transposeTimes, matrix.columns] : [timesTranspose, matrix.rows];
  const basis: Float64Array[] = [], diagonal: number[] = [], beside: number[] = [];
  const random = uniform();
  const restart = () => Float64Array.from({ length: n }, random);

  let q = restart();
  orthonormalize(q, basis);
  for (;;) {
    basis.push(q);
    const next = await apply(matrix, q, signal);
    diagonal.push(dot(next, 0, q, 0, n));
    let beta = orthonormalize(next, basis);
    const complete = basis.length === n;
    if (complete || basis.length % 8 === 0) {
      const values = converged(diagonal, beside, complete ? 0 : beta, count);
      const enough = basis.length < STEPS ? Math.min(count, n) : 1;
      if (complete || values.length >= enough) return values;
    }
    q = next;
    // The basis spans all that the start can reach; another start may reach more.
    if (beta <= 1e-13 * Math.max(...diagonal)) {
      q = restart();
      orthonormalize(q, basis);
      beta = 0;
    }
    beside.push(beta);
  }
}

/** The largest eigenvalues of the tridiagonal matrix, up to the first that has not converged. */
function converged(
  diagonal: readonly number[],
  beside: readonly number[],
  beta: number,
  count: number,
): number[] {
  const { values, last } = tridiagonalEigenvalues({
    diagonal: Float64Array.from(diagonal),
    beside: Float64Array.from(beside),
  });
  const top = [...values.subarray(0, count)];
  const open = top.findIndex((_, i) => beta * Math.abs(last[i]!) > TOLERANCE * values[0]!);
  return open < 0 ? top : top.slice(0, open);
}

/** Makes v a unit vector orthogonal to the basis; returns the norm it had before the last step. */
function orthonormalize(v: Float64Array, basis: readonly Float64Array[]): number {
  // A second round removes what rounding left behind in the first.
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

/** AᵀA·x in one pass over the rows. */
async function transposeTimes(matrix: Matrix, x: Float64Array, signal?: AbortSignal) {
  const out = new Float64Array(matrix.columns);
  await eachBand(matrix, (band, rows) => addTransposed(band, times(band, rows, x), out), signal);
  return out;
}

/** AAᵀ·x in two passes. */
async function timesTranspose(matrix: Matrix, x: Float64Array, signal?: AbortSignal) {
  const between = new Float64Array(matrix.columns), out = new Float64Array(matrix.rows);
  await eachBand(matrix, (band, rows, from) => {
    addTransposed(band, x.subarray(from, from + rows), between);
  }, signal);
  await eachBand(matrix, (band, rows, from) => out.set(times(band, rows, between), from), signal);
  return out;
}

type Band = Float32Array | Float64Array;

async function eachBand(
  { rows, columns, read }: Matrix,
  visit: (band: Band, rows: number, from: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const height = Math.max(1, Math.floor(BAND / columns));
  for (let from = 0; from < rows; from += height) {
    signal?.throwIfAborted();
    const count = Math.min(height, rows - from);
    visit(await read(from * columns, count * columns), count, from);
  }
}

/** band·x, four rows at a time, since that loads x a quarter as often. */
function times(band: Band, rows: number, x: Float64Array): Float64Array {
  const n = x.length, out = new Float64Array(rows);
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const a = row * n, b = a + n, c = b + n, d = c + n;
    let p = 0, q = 0, r = 0, s = 0;
    for (let i = 0; i < n; i++) {
      const v = x[i]!;
      p += band[a + i]! * v;
      q += band[b + i]! * v;
      r += band[c + i]! * v;
      s += band[d + i]! * v;
    }
    out.set([p, q, r, s], row);
  }
  for (; row < rows; row++) {
    for (let i = 0; i < n; i++) out[row]! += band[row * n + i]! * x[i]!;
  }
  return out;
}

/** sum += bandᵀ·y, four rows at a time, since that loads the sum a quarter as often. */
function addTransposed(band: Band, y: Float64Array, sum: Float64Array): void {
  const n = sum.length, rows = y.length;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const a = row * n, b = a + n, c = b + n, d = c + n;
    const p = y[row]!, q = y[row + 1]!, r = y[row + 2]!, s = y[row + 3]!;
    for (let i = 0; i < n; i++) {
      sum[i]! += p * band[a + i]! + q * band[b + i]! + r * band[c + i]! + s * band[d + i]!;
    }
  }
  for (; row < rows; row++) {
    for (let i = 0; i < n; i++) sum[i]! += y[row]! * band[row * n + i]!;
  }
}

/** Uniform numbers in −1..1, always the same ones (G. Marsaglia, "Xorshift RNGs", 2003). */
function uniform(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
}
