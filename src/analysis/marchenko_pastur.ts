/** The bulk of a spectrum: what a matrix of independent numbers would have. */
export interface Bulk {
  /** Standard deviation of those numbers. */
  readonly sigma: number;
  /** Where eigenvalues of WᵀW would begin and end. */
  readonly lower: number;
  readonly upper: number;
  /** Eigenvalues above that. */
  readonly spikes: number;
}

/**
 * The Marchenko–Pastur bulk of the eigenvalues of WᵀW, largest first, of an N × M matrix W, N ≥ M: σ²(√N ± √M)²
 * with N·σ² the mean of the eigenvalues that are not above the upper edge, found by leaving out those above
 * until none more is; null of none, or where all are zero.
 * Source: V. A. Marchenko, L. A. Pastur, "Distribution of eigenvalues for some sets of random matrices" (1967).
 */
export function bulkOf(eigenvalues: ArrayLike<number>, n: number, m: number): Bulk | null {
  let sum = 0;
  for (let i = 0; i < eigenvalues.length; i++) sum += eigenvalues[i]!;
  if (!(sum > 0)) return null;
  const edge = (variance: number, sign: 1 | -1) =>
    variance * (Math.sqrt(n) + sign * Math.sqrt(m)) ** 2;
  for (let spikes = 0;;) {
    const variance = Math.max(0, sum) / (eigenvalues.length - spikes) / n,
      upper = edge(variance, 1);
    const next = spikes;
    while (spikes < eigenvalues.length - 1 && eigenvalues[spikes]! > upper) {
      sum -= eigenvalues[spikes++]!;
    }
    if (spikes === next) {
      return { sigma: Math.sqrt(variance), lower: edge(variance, -1), upper, spikes };
    }
  }
}

/**
 * The density of the Marchenko–Pastur law at an eigenvalue λ of WᵀW: its integral is 1. `m` is the shorter side
 * of W; 0 outside of the bulk.
 */
export function marchenkoPastur({ sigma, lower, upper }: Bulk, m: number, lambda: number): number {
  if (!(lambda > lower && lambda < upper)) return 0;
  return Math.sqrt((upper - lambda) * (lambda - lower)) / (2 * Math.PI * sigma ** 2 * m * lambda);
}
