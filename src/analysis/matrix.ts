/**
 * Elements `from` ≤ i < `from + count` of a tensor in row-major order, decoded. The array may be
 * used again by the next call.
 */
export type Reader = (
  from: number,
  count: number,
) => Float32Array | Float64Array | Promise<Float32Array | Float64Array>;

/** A matrix that need not be in memory: element (i, j) is element `i * columns + j` of the reader. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly read: Reader;
}

/** A·x of a matrix A, and AᵀA·x. */
export interface Products {
  readonly product: Float32Array;
  readonly normal: Float64Array;
}

/** What methods need that look for the singular values of a matrix by multiplying with it. */
export interface Multiplied {
  readonly rows: number;
  readonly columns: number;
  /** By what the matrix is multiplied to make its squares fit into float32. */
  readonly scale: number;
  /** How many vectors at a time cost hardly more than one. */
  readonly width: number;
  /** Products of the scaled matrix, in float32, with each of the vectors. */
  multiply(vectors: readonly Float64Array[]): Promise<readonly Products[]>;
  /** Vectors near those of the largest singular values, where there is a fast way to some; they may be any. */
  start?(): Promise<readonly Float64Array[]>;
}

/** The same, of what has to be given back. */
export interface Opened extends Multiplied {
  close(): void;
}
