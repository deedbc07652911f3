import type { MatrixOps, Product } from "../../compute/matrix_ops.ts";

export type Numbers = Float32Array | Float64Array;

/** Numbers in row-major order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Numbers;
}

/** Rows of a matrix among numbers: element (i, j) is `values[start + i * pitch + j]`. */
export interface Matrix {
  readonly values: Numbers;
  readonly start: number;
  readonly pitch: number;
}

/** What a network computes in: numbers of one precision, and products of their matrices. */
export interface Arithmetic {
  zeros(count: number): Numbers;
  /** C = α·A·B + β·C; see `MatrixOps.gemm`. */
  multiply(a: Matrix, b: Matrix, product: Product, c: Matrix): void;
}

/** float32, with the kernels' products. */
export const single = ({ gemm }: Pick<MatrixOps, "gemm">): Arithmetic => ({
  zeros: (count) => new Float32Array(count),
  multiply: (a, b, product, c) => gemm(asTarget(a), asTarget(b), product, asTarget(c)),
});

function asTarget({ values, ...place }: Matrix) {
  if (values instanceof Float32Array) return { values, ...place };
  throw new TypeError("numbers of two precisions in one product");
}

/** A matrix without gaps between its rows. */
export const matrix = (values: Numbers, pitch: number, start = 0): Matrix => ({
  ...{ values, start, pitch },
});

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, side) => product * side, 1);

/** Elements to step for one step along each axis. */
export function stepsOf(shape: readonly number[]): number[] {
  const steps = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    steps[axis] = steps[axis + 1]! * shape[axis + 1]!;
  }
  return steps;
}

/** Where each element of `shape`, in its order, lies by steps along its axes. */
export function placesOf(shape: readonly number[], steps: readonly number[], start = 0) {
  const places = new Int32Array(sizeOf(shape)), digits = new Array<number>(shape.length).fill(0);
  let at = start;
  for (let i = 0; i < places.length; i++) {
    places[i] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      if (++digits[axis]! < shape[axis]!) break;
      at -= steps[axis]! * shape[axis]!;
      digits[axis] = 0;
    }
  }
  return places;
}

/** An axis counted from the end where it is negative. */
export const axisOf = (axis: number, rank: number): number => axis < 0 ? axis + rank : axis;
