import { laplacianEigen } from "../laplacian.ts";
import { orderOf } from "./laplacian.ts";
import type { Deriver, Numbers } from "./recipe.ts";

/** Multiplications between two looks at whether a product is still wanted, and rows at least. */
const WORK = 2 ** 30, ROWS = 64;

/**
 * Powers A^(2^k) of an attention whose rows sum to 1, so that they stay a random walk's: squared k
 * times, each row divided by its sum every time. A row that sums to 0 stays 0.
 */
export const attention: Deriver<"attention"> = {
  shape: (_, from) => from.slice(-2),

  fill({ symmetric, reordered }, numbers, into, { cancelled }) {
    const n = numbers.shape.at(-1)!;
    readMean(numbers, n, into, cancelled);
    // Before anything is squared: the powers of what is reordered are the powers, reordered.
    if (reordered) reorder(into, n, cancelled);
    if (symmetric) symmetrize(into, n);
    return {};
  },

  repeated: {
    times: ({ squarings }) => squarings,
    fill([n = 0], before, into, { from, to }, { ops, cancelled }) {
      const whole = (values: Float32Array, row = 0) => ({ values, start: row * n, pitch: n });
      // In bands, so that it can be given up.
      const band = Math.max(ROWS, Math.floor(WORK / n ** 2));
      for (let row = from; row < to; row += band) {
        cancelled();
        const m = Math.min(band, to - row);
        const product = { m, n, k: n, transposed: "none", alpha: 1, beta: 0 } as const;
        ops.gemm(whole(before, row), whole(before), product, whole(into, row));
      }
      normalizeRows(into.subarray(from * n, to * n), n);
    },
  },
};

/** The attention, or the mean of several. */
export function readMean(
  { shape, read }: Numbers,
  n: number,
  into: Float32Array,
  cancelled: () => void,
): void {
  const heads = shape.length === 3 ? shape[0]! : 1, sums = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    cancelled();
    sums.fill(0);
    for (let head = 0; head < heads; head++) {
      const values = read((head * n + row) * n, n);
      for (let i = 0; i < n; i++) sums[i]! += values[i]!;
    }
    for (let i = 0; i < n; i++) into[row * n + i] = sums[i]! / heads;
  }
}

function reorder(matrix: Float32Array, n: number, cancelled: () => void): void {
  const { vectors } = laplacianEigen(matrix, n, 2, cancelled);
  const order = orderOf(vectors.subarray(n, 2 * n), n), from = matrix.slice();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) matrix[i * n + j] = from[order[i]! * n + order[j]!]!;
  }
}

function symmetrize(matrix: Float32Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const mean = (matrix[i * n + j]! + matrix[j * n + i]!) / 2;
      matrix[i * n + j] = matrix[j * n + i] = mean;
    }
  }
}

function normalizeRows(rows: Float32Array, n: number): void {
  for (let from = 0; from < rows.length; from += n) {
    let sum = 0;
    for (let i = from; i < from + n; i++) sum += rows[i]!;
    if (!(sum > 0)) continue;
    for (let i = from; i < from + n; i++) rows[i]! /= sum;
  }
}
