/** The power law p(λ) ∝ λ^−α of values from xmin on. */
export interface PowerLaw {
  readonly alpha: number;
  readonly xmin: number;
  /** The Kolmogorov–Smirnov distance between the law and the values. */
  readonly distance: number;
  /** Standard error of α. */
  readonly error: number;
  /** Values from xmin on. */
  readonly tail: number;
}

/**
 * Fits a power law to positive values, in any order: of every value but the largest taken as xmin, that of the
 * least Kolmogorov–Smirnov distance, α by maximum likelihood; null of fewer than two, or where all are equal.
 * O(n²). The empirical distribution counts what is strictly below a value, as WeightWatcher does; α's error is
 * its (α − 1) / √n.
 * Source: A. Clauset, C. R. Shalizi, M. E. J. Newman, "Power-law distributions in empirical data" (2009).
 */
export function fitPowerLaw(values: ArrayLike<number>): PowerLaw | null {
  const sorted = Float64Array.from(values).sort(), logs = sorted.map(Math.log);
  const count = sorted.length;
  let best: PowerLaw | null = null;
  let sum = 0;
  for (let i = count - 1; i >= 0; i--) {
    sum += logs[i]!;
    const tail = count - i, excess = sum - tail * logs[i]!;
    if (tail < 2 || !(excess > 0)) continue;
    const alpha = 1 + tail / excess;
    let distance = 0;
    for (let j = i; j < count; j++) {
      const law = 1 - Math.exp((1 - alpha) * (logs[j]! - logs[i]!));
      distance = Math.max(distance, Math.abs(law - (j - i) / tail));
    }
    if (best && distance > best.distance) continue;
    best = { alpha, xmin: sorted[i]!, distance, error: (alpha - 1) / Math.sqrt(tail), tail };
  }
  return best;
}
