import { dot, tridiagonalEigenvalues, tridiagonalize } from "./eigenvalues.ts";
import type { Ops } from "../compute/ops.ts";
import type { Matrix } from "./matrix.ts";

// The shorter side and the multiplications up to which every singular value is computed.
const FULL_SIDE = 2048;
const FULL_WORK = 2e10;
// Elements read at once: they stay in the second-level cache.
const BAND = 1 << 18;

/** Whether a matrix is small enough for all of its singular values. */
export function isSmall({ rows, columns }: Pick<Matrix, "rows" | "columns">): boolean {
  const side = Math.min(rows, columns);
  return side <= 2 || side <= FULL_SIDE && side * rows * columns / 2 <= FULL_WORK;
}

/**
 * All singular values of a matrix of finite numbers, largest first, in one pass. As their squares are
 * computed, in float64, a value σ is off by some 1e-15·σ₁²/σ: those below 1e-7·σ₁, which is the rounding of
 * float32 numbers, have no digit left. `cancelled` throws when they are no longer wanted.
 */
export async function spectrum(
  matrix: Matrix,
  ops: Ops,
  cancelled: () => void = () => {},
): Promise<Float64Array> {
  const side = Math.min(matrix.rows, matrix.columns);
  const kept = ops.keep(8 * side * side);
  try {
    const product = new Float64Array(kept.buffer, kept.byteOffset, side * side).fill(0);
    await addGram(matrix, ops, product, cancelled);
    const tridiagonal = tridiagonalize(product, side, { ops, cancelled });
    const { values } = tridiagonalEigenvalues(tridiagonal, cancelled);
    return values.map((square) => Math.sqrt(Math.max(0, square)));
  } finally {
    ops.release(kept);
  }
}

/**
 * Adds A·Aᵀ or Aᵀ·A, whichever is smaller, in one pass, to the lower triangle of a square matrix: its eigenvalues
 * are the squares of A's.
 */
async function addGram(
  { rows, columns, read }: Matrix,
  ops: Ops,
  product: Float64Array,
  cancelled: () => void,
): Promise<void> {
  const wide = rows <= columns;
  const [side, long] = wide ? [rows, columns] : [columns, rows];
  const width = Math.min(long, Math.max(1, Math.floor(BAND / side)));
  for (let from = 0; from < long; from += width) {
    cancelled();
    const length = Math.min(width, long - from);
    if (!wide) {
      const band = await read(from * columns, length * columns);
      if (band instanceof Float32Array) {
        const a = { values: band, start: 0, pitch: side };
        ops.frame(() => ops.gram(a, length, side, "columns", product));
      } else addWide(band, length, side, product, (k, i) => k * side + i);
      continue;
    }
    // A piece of each row.
    const pieces: (Float32Array | Float64Array)[] = [];
    for (let i = 0; i < side; i++) pieces.push((await read(i * columns + from, length)).slice());
    if (pieces.every((piece) => piece instanceof Float32Array)) {
      const values = new Float32Array(side * length);
      pieces.forEach((piece, i) => values.set(piece, i * length));
      const a = { values, start: 0, pitch: length };
      ops.frame(() => ops.gram(a, side, length, "rows", product));
    } else {
      const values = new Float64Array(side * length);
      pieces.forEach((piece, i) => values.set(piece, i * length));
      addWide(values, length, side, product, (k, i) => i * length + k);
    }
  }
}

/** The same of numbers wider than float32, `at(k, i)` being where the k-th of line i is. */
function addWide(
  values: Float32Array | Float64Array,
  length: number,
  side: number,
  product: Float64Array,
  at: (k: number, i: number) => number,
): void {
  const lines = new Float64Array(side * length);
  for (let i = 0; i < side; i++) {
    for (let k = 0; k < length; k++) lines[i * length + k] = values[at(k, i)]!;
  }
  for (let i = 0; i < side; i++) {
    for (let j = 0; j <= i; j++) {
      product[i * side + j]! += dot(lines, i * length, lines, j * length, length);
    }
  }
}
