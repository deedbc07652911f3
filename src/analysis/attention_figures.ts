import { generalEigenvalues } from "./general_eigenvalues.ts";
import type { Reader } from "./matrix.ts";

/** What is known of one head's attention. */
export interface HeadFigures {
  /** Mean over its rows of their entropy in nats: ln N where a row looks at all alike, 0 where at one. */
  readonly entropy: number | null;
  /** Magnitudes of the largest eigenvalues; null where there are too many to be looked for. */
  readonly eigenvalues: readonly number[] | null;
}

/** Eigenvalues that are told. */
const LARGEST = 16;
/** Operations that all heads' eigenvalues may take: some seconds. */
const WORK = 2 ** 32;

/**
 * Figures of the heads of an attention [heads, N, N] or [N, N]; null of another shape. What is not
 * finite counts in no entropy, and a head that holds some has no eigenvalues.
 * `cancelled` throws when they are no longer wanted.
 */
export async function attentionFigures(
  shape: readonly number[],
  read: Reader,
  cancelled: () => void,
): Promise<HeadFigures[] | null> {
  const [heads, n] = shape.length === 2 ? [1, shape[0]!] : [shape[0] ?? 0, shape[1] ?? 0];
  const isAttention = shape.length === 2 || shape.length === 3;
  if (!isAttention || shape.at(-1) !== n || heads * n === 0) return null;
  const isSmall = heads * 12 * n ** 3 <= WORK;
  const figures: HeadFigures[] = [];
  for (let head = 0; head < heads; head++) {
    const matrix = isSmall ? new Float64Array(n * n) : null;
    let sum = 0, rows = 0;
    for (let row = 0; row < n; row++) {
      cancelled();
      const values = await read((head * n + row) * n, n), entropy = entropyOf(values);
      matrix?.set(values, row * n);
      if (entropy === null) continue;
      sum += entropy;
      rows++;
    }
    const found = matrix?.every(Number.isFinite)
      ? generalEigenvalues(matrix, n, cancelled).magnitudes
      : null;
    figures.push({
      entropy: rows > 0 ? sum / rows : null,
      eigenvalues: found && [...found.subarray(0, LARGEST)],
    });
  }
  return figures;
}

/** −Σ p·ln p of shares p, in nats; null of what is none. */
function entropyOf(shares: Float32Array | Float64Array): number | null {
  let sum = 0, total = 0;
  for (const p of shares) {
    if (!(p >= 0 && p < Infinity)) return null;
    total += p;
    if (p > 0) sum -= p * Math.log(p);
  }
  return total > 0 ? sum : null;
}
