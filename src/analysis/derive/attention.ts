import { rowBands } from "../../compute/matrices.ts";
import type { Deriver, Means, Numbers } from "./recipe.ts";

/** Rows of a product between two looks at whether it is still wanted. */
const BAND = 128;

/**
 * Powers A^(2^k) of an attention whose rows sum to 1, so that they stay a random walk's: squared k
 * times, each row divided by its sum every time. A row that sums to 0 stays 0.
 */
export const attention: Deriver<"attention"> = {
  shape: (_, from) => from.slice(-2),

  fill({ symmetric, squarings }, numbers, into, means) {
    const n = numbers.shape.at(-1)!;
    readMean(numbers, n, into, means.cancelled);
    if (symmetric) symmetrize(into, n);
    for (let k = 0; k < squarings; k++) {
      square(into, n, means);
      normalizeRows(into, n);
    }
    return {};
  },
};

function readMean(
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

/** In bands of rows, so that it can be given up. */
function square(matrix: Float32Array, n: number, { ops, cancelled }: Means): void {
  const whole = (values: Float32Array) => ({ values, start: 0, pitch: n });
  const from = whole(matrix.slice());
  const product = { m: n, n, k: n, transposed: "none", alpha: 1, beta: 0 } as const;
  for (const { a, product: part, c } of rowBands(from, product, whole(matrix), Math.ceil(n / BAND))) {
    cancelled();
    ops.gemm(a, from, part, c);
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

function normalizeRows(matrix: Float32Array, n: number): void {
  for (let from = 0; from < n * n; from += n) {
    let sum = 0;
    for (let i = from; i < from + n; i++) sum += matrix[i]!;
    if (!(sum > 0)) continue;
    for (let i = from; i < from + n; i++) matrix[i]! /= sum;
  }
}
