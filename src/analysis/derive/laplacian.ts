import { BadRequest } from "../../errors.ts";
import type { Eigen } from "../eigenvalues.ts";
import { laplacianEigen } from "../laplacian.ts";
import { NotFinite } from "../row_bands.ts";
import { readMean } from "./attention.ts";
import type { Deriver } from "./recipe.ts";

/** Eigenvectors that are shown: the first is the same everywhere. */
const SHOWN = 3;
/** Positions across for one row of a band. */
const OBLONG = 8;

/**
 * Eigenvectors 2 to 4 of the Laplacian D − S of an attention's symmetric part S as two bands of N
 * positions: above in their order, below by the Fiedler vector, so that what belongs together lies
 * together. Notes tell the eigenvalues, and the order.
 */
export const laplacian: Deriver<"laplacian"> = {
  planes: SHOWN,
  shape: (_, [...from]) => [2 * heightOf(from.at(-1)!), from.at(-1)!],

  fill(_, numbers, into, { cancelled }) {
    const n = numbers.shape.at(-1)!, matrix = new Float32Array(n * n), height = heightOf(n);
    readMean(numbers, n, matrix, cancelled);
    const { values, vectors } = eigenOf(matrix, n, 1 + SHOWN, cancelled);
    const order = orderOf(vectors.subarray(n, 2 * n), n);
    for (let c = 0; c < SHOWN; c++) {
      const vector = vectors.subarray((c + 1) * n, (c + 2) * n);
      for (let row = 0; row < 2 * height; row++) {
        const at = (c * 2 * height + row) * n;
        for (let i = 0; i < n; i++) into[at + i] = vector[row < height ? i : order[i]!] ?? 0;
      }
    }
    return { eigenvalues: [...values], order: [...order] };
  },
};

const heightOf = (n: number) => Math.max(1, Math.round(n / OBLONG));

/** The smallest eigenvalues and eigenvectors of an attention's Laplacian. Throws `BadRequest` of what is not finite. */
export function eigenOf(
  matrix: Float32Array,
  n: number,
  count: number,
  cancelled: () => void,
): Eigen {
  try {
    return laplacianEigen(matrix, n, count, cancelled);
  } catch (error) {
    if (!(error instanceof NotFinite)) throw error;
    throw new BadRequest(`${error.message}; a Laplacian is of finite numbers`, {}, error);
  }
}

/** Positions in the order of the Fiedler vector's components. */
export const orderOf = (fiedler: Float64Array, n: number): Uint32Array =>
  Uint32Array.from({ length: n }, (_, i) => i)
    .sort((a, b) => (fiedler[a] ?? 0) - (fiedler[b] ?? 0) || a - b);
