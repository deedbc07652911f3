import type { Matrix } from "./matrix.ts";
import { uniform } from "./random.ts";

/** The numbers of a matrix in another order, always the same one (R. A. Fisher, F. Yates 1938). */
export async function shuffle(
  { rows, columns, read }: Matrix,
  chunk: number,
  cancelled: () => void,
): Promise<Matrix> {
  const count = rows * columns, random = uniform();
  let values: Float32Array | Float64Array = new Float32Array(count);
  for (let from = 0; from < count; from += chunk) {
    cancelled();
    const part = await read(from, Math.min(chunk, count - from));
    if (part instanceof Float64Array && from === 0) values = new Float64Array(count);
    values.set(part, from);
  }
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((random() + 1) / 2 * (i + 1));
    const value = values[i]!;
    values[i] = values[j]!;
    values[j] = value;
  }
  return { rows, columns, read: (from, length) => values.subarray(from, from + length) };
}

/**
 * √ of the Jensen–Shannon divergence, in nats, of two lists of as many numbers ≥ 0, each divided by its sum: 0
 * of equal ones, √ln 2 at most; null where a sum is not above zero.
 * Source: D. M. Endres, J. E. Schindelin, "A new metric for probability distributions" (2003).
 */
export function jensenShannon(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  let [wholeA, wholeB] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    wholeA += a[i]!;
    wholeB += b[i]!;
  }
  if (!(wholeA > 0 && wholeB > 0)) return null;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const p = a[i]! / wholeA, q = b[i]! / wholeB, middle = (p + q) / 2;
    if (p > 0) sum += p * Math.log(p / middle);
    if (q > 0) sum += q * Math.log(q / middle);
  }
  return Math.sqrt(Math.max(0, sum / 2));
}
