import { BadRequest } from "../../errors.ts";
import type { Deriver, Numbers } from "./recipe.ts";

/**
 * Powers A^(2^k) of an attention whose rows sum to 1, so that they stay a random walk's: squared k
 * times, each row divided by its sum every time. A row that sums to 0 stays 0.
 */
export const attention: Deriver<"attention"> = {
  shape({ head }, from) {
    const [rows, columns] = from.slice(-2);
    if (from.length < 2 || from.length > 3 || rows !== columns) {
      throw new BadRequest(`attention is [heads, N, N] or [N, N], found [${from}]`, {
        ...{ found: from, expected: "[heads, N, N]" },
      });
    }
    const heads = from.length === 3 ? from[0]! : 1;
    if (head !== "mean" && head >= heads) {
      throw new BadRequest(`head=${head} is not among the ${heads} heads, which are 0 to ${heads - 1}`, {
        ...{ parameter: "head", found: head, minimum: 0, maximum: heads - 1 },
      });
    }
    return [rows!, rows!];
  },

  fill({ head, symmetric, squarings }, numbers, into, { cancelled }) {
    const n = numbers.shape.at(-1)!;
    if (head === "mean") readMean(numbers, n, into, cancelled);
    else for (let row = 0; row < n; row++) into.set(numbers.read((head * n + row) * n, n), row * n);
    if (symmetric) symmetrize(into, n);
    for (let k = 0; k < squarings; k++) {
      square(into, n, cancelled);
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

function square(matrix: Float32Array, n: number, cancelled: () => void): void {
  const from = matrix.slice(), sums = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    cancelled();
    sums.fill(0);
    for (let k = 0; k < n; k++) {
      const factor = from[i * n + k]!;
      if (factor === 0) continue;
      for (let j = 0, at = k * n; j < n; j++) sums[j]! += factor * from[at++]!;
    }
    matrix.set(sums, i * n);
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
