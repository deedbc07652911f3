import type { Ops } from "../../compute/ops.ts";
import { eigenOf, orderOf } from "./laplacian.ts";
import type { Deriver, Numbers } from "./recipe.ts";

/** Multiplications between two looks at whether a product is still wanted, and rows at least. */
const WORK = 2 ** 30, ROWS = 64;
/** Numbers of a head that are read, or looked at, at once; but whole rows are read. */
const READ = 2 ** 16;

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
        const m = Math.min(band, to - row), [k, reached] = extentOf(ops, before, n, row, row + m);
        if (reached < n) into.fill(0, row * n, (row + m) * n);
        const product = { m, n: reached, k, transposed: "none", alpha: 1, beta: 0 } as const;
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
  const heads = shape.length === 3 ? shape[0]! : 1;
  const band = Math.max(n, READ - READ % n), sums = new Float64Array(heads === 1 ? 0 : band);
  for (let from = 0; from < n * n; from += band) {
    cancelled();
    const count = Math.min(band, n * n - from);
    if (heads === 1) {
      into.set(read(from, count), from);
      continue;
    }
    sums.fill(0);
    for (let head = 0; head < heads; head++) {
      const values = read(head * n * n + from, count);
      for (let i = 0; i < count; i++) sums[i]! += values[i]!;
    }
    for (let i = 0; i < count; i++) into[from + i] = sums[i]! / heads;
  }
}

/**
 * How many terms the squares of these rows have, and how many columns: all that lies beyond is 0. Of causal
 * attention, whose rows reach no further than what they attend to does, a third of the work is left.
 */
function extentOf(
  ops: Ops,
  matrix: Float32Array,
  n: number,
  from: number,
  to: number,
): [number, number] {
  const terms = endOf(matrix, n, from, to);
  // Zero times what is not finite is not 0: what the rows take, and what they take of it.
  const isFinite = isAllFinite(ops, matrix.subarray(terms * n)) &&
    isAllFinite(ops, matrix.subarray(from * n, to * n));
  return isFinite ? [terms, endOf(matrix, n, 0, terms)] : [n, n];
}

function isAllFinite(ops: Ops, values: Float32Array): boolean {
  for (let i = 0; i < values.length; i += READ) {
    if (!(ops.magnitude(values.subarray(i, i + READ)) < Infinity)) return false;
  }
  return true;
}

/** Columns up to the last one in which one of these rows has anything but 0. */
function endOf(matrix: Float32Array, n: number, from: number, to: number): number {
  let end = 0;
  // From below, as of causal attention the last row reaches furthest.
  for (let row = to - 1; row >= from && end < n; row--) {
    let last = n;
    while (last > end && matrix[row * n + last - 1] === 0) last--;
    end = last;
  }
  return end;
}

function reorder(matrix: Float32Array, n: number, cancelled: () => void): void {
  const { vectors } = eigenOf(matrix, n, 2, cancelled);
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
