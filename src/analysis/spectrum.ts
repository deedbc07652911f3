import { dot, tridiagonalEigenvalues, tridiagonalize } from "./eigenvalues.ts";
import type { Matrix } from "./matrix.ts";

// The shorter side and the multiplications up to which every singular value is computed.
const FULL_SIDE = 1024;
const FULL_WORK = 5e9;
// Elements read at once: they stay in the second-level cache.
const BAND = 1 << 18;

/** Whether a matrix is small enough for all of its singular values. */
export function isSmall({ rows, columns }: Pick<Matrix, "rows" | "columns">): boolean {
  const side = Math.min(rows, columns);
  return side <= 2 || side <= FULL_SIDE && side * rows * columns / 2 <= FULL_WORK;
}

/**
 * All singular values of a matrix of finite numbers, largest first, in one pass. As their squares are
 * computed, those below 1e-8·σ₁ are lost in rounding. Throws the signal's reason when aborted.
 */
export async function spectrum(matrix: Matrix, signal?: AbortSignal): Promise<Float64Array> {
  const side = Math.min(matrix.rows, matrix.columns);
  const { values } = tridiagonalEigenvalues(tridiagonalize(await gram(matrix, signal), side));
  return values.map(root);
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
