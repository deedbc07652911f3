import { assert } from "@std/assert";
import { tridiagonalEigenvalues, tridiagonalize } from "../../src/analysis/eigenvalues.ts";
import { wasm } from "../../src/compute/wasm.ts";

/** Sylvester's matrix of ±1: its columns are orthogonal. */
const sign = (i: number, j: number) => {
  let ones = 0;
  for (let both = i & j; both > 0; both >>= 1) ones += both & 1;
  return ones % 2 === 0 ? 1 : -1;
};

Deno.test("gram(): singular values down to 1e-3 of the largest come out to 1e-5 of themselves", () => {
  const long = 1024, side = 16;
  // U·Σ·Vᵀ, exact in float32: all sums of quarters of powers of two that are not far apart.
  const factors = Array.from({ length: side }, (_, k) => (4 + k % 3) / 4 * 2 ** -(k * 10 / 15 | 0));
  const at = (i: number, j: number) =>
    factors.reduce((sum, factor, k) => sum + sign(i, k) * factor * sign(k, j), 0);
  const want = factors.map((factor) => factor * Math.sqrt(long * side)).sort((a, b) => b - a);
  assert(want.at(-1)! < 1.5e-3 * want[0]!);
  for (const lines of ["rows", "columns"] as const) {
    const [rows, columns] = lines === "rows" ? [side, long] : [long, side];
    const values = Float32Array.from({ length: rows * columns }, (_, n) => {
      const i = Math.floor(n / columns),
        j = n % columns,
        value = lines === "rows" ? at(j, i) : at(i, j);
      assert(Math.fround(value) === value, "the matrix is not exact");
      return value;
    });
    const square = new Float64Array(side * side);
    wasm.frame(() => wasm.gram({ values, start: 0, pitch: columns }, rows, columns, lines, square));
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < i; j++) square[j * side + i] = square[i * side + j]!;
    }
    const { values: found } = tridiagonalEigenvalues(tridiagonalize(square, side));
    for (const [k, value] of want.entries()) {
      const off = Math.abs(Math.sqrt(found[k]!) - value) / value;
      assert(off < 1e-5, `${lines}: σ${k} is ${Math.sqrt(found[k]!)}, not ${value}`);
    }
  }
});
