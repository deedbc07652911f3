/** Eigenvalues that can be read off a matrix, and what is left of it. */
export interface Isolated {
  readonly values: number[];
  /** Row-major, `size` a side. */
  readonly rest: Float64Array;
  readonly size: number;
}

/**
 * Takes rows and columns from an n × n matrix (row-major) that have nothing but zeros beside the diagonal, whose
 * number there is an eigenvalue, until there are none: of a triangular matrix, as attention that looks only
 * back is, all of them, exactly; QR steps would lose them in rounding. O(n²).
 * Source: B. N. Parlett, C. Reinsch, "Balancing a matrix for calculation of eigenvalues and eigenvectors" (1969).
 */
export function isolate(matrix: Float64Array, n: number): Isolated {
  const inRow = new Uint32Array(n), inColumn = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (i === j || matrix[i * n + j] === 0) continue;
      inRow[i]!++;
      inColumn[j]!++;
    }
  }
  const isGone = new Uint8Array(n), values: number[] = [];
  const free = Array.from({ length: n }, (_, i) => i).filter((i) => !inRow[i] || !inColumn[i]);
  for (let i = free.pop(); i !== undefined; i = free.pop()) {
    if (isGone[i]) continue;
    isGone[i] = 1;
    values.push(matrix[i * n + i]!);
    for (let j = 0; j < n; j++) {
      if (matrix[j * n + i] !== 0 && --inRow[j]! === 0) free.push(j);
      if (matrix[i * n + j] !== 0 && --inColumn[j]! === 0) free.push(j);
    }
  }
  const left = Array.from({ length: n }, (_, i) => i).filter((i) => !isGone[i]);
  const rest = new Float64Array(left.length ** 2);
  left.forEach((i, y) => left.forEach((j, x) => rest[y * left.length + x] = matrix[i * n + j]!));
  return { values, rest, size: left.length };
}
