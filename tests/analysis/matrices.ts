import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Matrix } from "../../src/analysis/matrix.ts";
import { normals } from "./oracle.ts";

export type Counted = Matrix & { elementsRead: number };

export function matrix(
  rows: number,
  columns: number,
  values: Float32Array | Float64Array,
): Counted {
  const counted: Counted = {
    rows,
    columns,
    elementsRead: 0,
    read(from, count) {
      assert(from >= 0 && from + count <= rows * columns, `read ${from} + ${count}`);
      counted.elementsRead += count;
      return values.slice(from, from + count);
    },
  };
  return counted;
}

/** Singular values by one-sided Jacobi rotations of the rows (Hestenes 1958): no squares, plain. */
export function hestenes(rows: number, columns: number, values: ArrayLike<number>): number[] {
  const a = Array.from(
    { length: rows },
    (_, i) => Array.from({ length: columns }, (_, j) => values[i * columns + j]!),
  );
  const inner = (x: number[], y: number[]) => x.reduce((sum, each, k) => sum + each * y[k]!, 0);
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < rows; p++) {
      for (let q = p + 1; q < rows; q++) {
        const [x, y] = [a[p]!, a[q]!];
        const angle = Math.atan2(2 * inner(x, y), inner(x, x) - inner(y, y)) / 2;
        const c = Math.cos(angle), s = Math.sin(angle);
        a[p] = x.map((each, k) => c * each + s * y[k]!);
        a[q] = y.map((each, k) => c * each - s * x[k]!);
      }
    }
  }
  return a.map((row) => Math.sqrt(inner(row, row))).sort((x, y) => y - x)
    .slice(0, Math.min(rows, columns));
}

/**
 * A matrix U·diag(σ)·Vᵀ of known singular values, U and V being reflections I − 2vvᵀ: the first
 * columns of large orthogonal matrices, cheap to write down.
 */
export function known(rows: number, columns: number, sigma: (i: number) => number): Float64Array {
  const unit = (n: number, seed: number) => {
    const v = Float64Array.from(normals(n, seed));
    const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    return v.map((x) => x / norm);
  };
  const [u, v] = [unit(rows, 3), unit(columns, 4)];
  const side = Math.min(rows, columns);
  const s = Float64Array.from({ length: side }, (_, i) => sigma(i));
  const middle = s.reduce((sum, x, i) => sum + x * u[i]! * v[i]!, 0);
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const fromRow = i < side ? s[i]! * v[i]! : 0, fromColumn = j < side ? s[j]! * u[j]! : 0;
      out[i * columns + j] = (i === j ? s[i]! : 0) - 2 * u[i]! * fromColumn -
        2 * fromRow * v[j]! + 4 * u[i]! * v[j]! * middle;
    }
  }
  return out;
}

export function assertValues(
  found: ArrayLike<number>,
  expected: readonly number[],
  relative: number,
) {
  assertEquals(found.length, expected.length);
  expected.forEach((value, i) => {
    assertAlmostEquals(found[i], value, relative * expected[0]!, `value ${i}`);
  });
}
