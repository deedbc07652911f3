import type { Ops, Target } from "../../../src/compute/ops.ts";
import { normal } from "../samples.ts";

/** What lies between and around rows of a matrix, where nothing may be read or written. */
export const GUARD = 12345;

/** A matrix in memory of its own, or in scratch, `apart` numbers between its rows and three before and after. */
export function place(
  ops: Ops,
  rows: number,
  columns: number,
  apart: number,
  near: boolean,
  numbers: Float32Array = normal(rows * columns, rows + columns),
): Target {
  const pitch = columns + apart, length = 6 + rows * pitch;
  const bytes = near ? ops.scratch(length * 4) : new Uint8Array(length * 4);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, length).fill(GUARD);
  for (let i = 0; i < rows; i++) {
    values.set(numbers.subarray(i * columns, (i + 1) * columns), 3 + i * pitch);
  }
  return { values, start: 3, pitch };
}

export const element = ({ values, start, pitch }: Target, i: number, j: number): number =>
  values[start + i * pitch + j]!;

/** Whether all that is not of a matrix is as `place` left it. */
export function isGuarded({ values, start, pitch }: Target, rows: number, columns: number) {
  return values.every((value, at) => {
    const x = (at - start) % pitch, inside = at >= start && at < start + rows * pitch;
    return (inside && x < columns) || value === GUARD;
  });
}

/** The rows of a matrix, one after the other. */
export function packed(matrix: Target, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => element(matrix, Math.floor(i / columns), i % columns),
  );
}
