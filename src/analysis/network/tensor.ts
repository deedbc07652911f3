import type { MatrixOps, Product } from "../../compute/matrix_ops.ts";
import { TooLarge } from "../../errors.ts";

/** Numbers that a network may have, and that are held of what it computes on the way. */
export const MOST = 2 ** 27;

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

/** float32, with the kernels' products. `zeros` throws `TooLarge` for more than `MOST`. */
export const single = ({ gemm }: Pick<MatrixOps, "gemm">): Arithmetic => ({
  zeros: (count) => new Float32Array(held(count)),
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

/** A count of numbers that can be held. Throws `TooLarge` for others. */
export function held(count: number): number {
  if (count <= MOST) return count;
  throw new TooLarge(`${count} numbers are computed on the way, of which ${MOST} can be held`, {
    ...{ found: count, limit: MOST },
  });
}

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
  const places = new Int32Array(held(sizeOf(shape))),
    digits = new Array<number>(shape.length).fill(0);
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
