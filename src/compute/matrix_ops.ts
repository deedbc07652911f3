import type { Target } from "./ops.ts";

/** A product of matrices, as `Ops.gemm` has it; numbers are rounded to float32. */
export interface Product {
  /** Rows of C, columns of C, terms of each sum: A has m × k numbers, B k × n. */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Which of the two is stored transposed: A as k rows of m, or B as n rows of k. */
  readonly transposed: "none" | "a" | "b";
  readonly alpha: number;
  readonly beta: number;
}

/** Terms of a product that are summed before they are added to C. */
export const TERMS = 256;

/**
 * What a matrix does to a vector, in the names of linear algebra: A·x; Aᵀ·x; AᵀA·x, the operator of the
 * normal equations.
 */
export type Operator = "plain" | "transposed" | "normal";

/** The lower triangle of a symmetric matrix of float64: element (i, j) is `values[i * pitch + j]`, j ≤ i < `side`. */
export interface Symmetric {
  readonly values: Float64Array;
  readonly side: number;
  readonly pitch: number;
}

/** What kernels do with matrices, of which `Ops` says how it is defined and held to. */
export interface MatrixOps {
  /**
   * C = α·A·B + β·C, of matrices in rows: element (i, j) is `values[start + i * pitch + j]`. C shares no memory
   * with A and B, not even between rows.
   *
   * Arithmetic is float32's. Terms are summed in their order, `TERMS` at a time, each such sum s from 0 on;
   * then C = α·s + β·C, with β = 1 from the second sum on. Without terms s is 0. Where β is 0, C is not read,
   * so that it may hold anything. NaN and ±∞ spread as IEEE has it, also from where α is 0; of NaN the bits
   * are undefined. Kernels that leave it to the processor whether a product is rounded before it is added
   * differ from that by as much as such roundings: of element (i, j) by at most
   * (min(k, `TERMS`) + k / `TERMS` + 4)·2⁻²³·(|α|·Σ|a|·|b| + |β·c|) where nothing overflows or is denormal.
   */
  gemm(a: Target, b: Target, product: Product, c: Target): void;
  /**
   * y += A·x, Aᵀ·x or AᵀA·x, of `rows` × `columns` float32 numbers and vectors of float64, in one pass over
   * the rows: sums of bands of rows add up to those of the whole. y shares no memory with A and x.
   *
   * Products and sums are float64's; the order of sums is left open, so that kernels differ by at most
   * n·2⁻⁵²·Σ|a·x|, n being the terms of each sum; those of AᵀA·x by that of both its sums. Rows may be as many
   * as there are, columns up to 2²².
   */
  gemv(
    a: Target,
    rows: number,
    columns: number,
    operator: Operator,
    x: Float64Array,
    y: Float64Array,
  ): void;
  /**
   * Adds the products of a matrix's lines with each other to the lower triangle of `out`, row-major: of its
   * rows, A·Aᵀ, or of its columns, AᵀA. What lies above the diagonal is left alone. Pieces of long lines add up
   * to the whole. `out` shares no memory with A.
   *
   * Products are exact in float64 and sums float64's, in an order that is left open: kernels differ by at most
   * n·2⁻⁵³·Σ|a·b|, n being the length of a line. Square roots of its eigenvalues are singular values that are
   * off by less than 1e-5 of themselves down to σ = 1e-3·σ₁, which float32 sums would not give.
   */
  gram(
    a: Target,
    rows: number,
    columns: number,
    lines: "rows" | "columns",
    out: Float64Array,
  ): void;
  /**
   * A −= v·wᵀ + w·vᵀ, then y += A·x, of a symmetric matrix of float64: a step of its reduction to a tridiagonal
   * one, in one pass over its lower triangle. What lies above the diagonal is neither read nor written; A and y
   * share no memory with each other nor with what is read. Kernels place all of it where it lies: arrays that are
   * kept near them are not copied.
   *
   * Each product is rounded, and the order of sums left open: kernels differ by at most
   * 4·2⁻⁵³·(|a| + |v·w| + |w·v|) in A, and in y by n·2⁻⁵²·Σ|a·x| more than that makes.
   */
  syr2Symv(
    a: Symmetric,
    v: Float64Array,
    w: Float64Array,
    x: Float64Array,
    y: Float64Array,
  ): void;
  /**
   * Products with a band of rows A (row-major, n columns) in one pass: `product`, as long as there are rows,
   * becomes A·x, and Aᵀ·product is added to `sum`, as long as x. Of several vectors, 1 if not told, each of the
   * three has its parts one after the other. NaN and ±∞ spread as IEEE has it. Sums are float32's, in an order
   * that backends choose, products rounded or not: each component of `product` is within ε·n·Σ|a·x|, what `sum`
   * gains within ε·(n + rows)·Σ|a|·Σ|a·x|, ε being 2⁻²³. The arrays share no memory.
   */
  normal(
    band: Float32Array,
    x: Float32Array,
    product: Float32Array,
    sum: Float32Array,
    vectors?: number,
  ): void;
  /** The largest magnitude, 0 of nothing; ∞ where there is an infinite value, NaN where there is one. */
  magnitude(values: Float32Array): number;
}
