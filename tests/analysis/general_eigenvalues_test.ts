import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { generalEigenvalues } from "../../src/analysis/general_eigenvalues.ts";
import { attentions } from "./attentions.ts";
import { normals } from "./oracle.ts";

Deno.test("magnitudes of the eigenvalues of captured attention equal numpy's", async () => {
  for (const { name, matrix, n, expected } of await attentions()) {
    const { magnitudes } = generalEigenvalues(matrix, n);
    for (const [i, value] of expected.eigenvalues_largest.entries()) {
      assertAlmostEquals(magnitudes[i], value, 1e-6, `${i} of ${name}`);
    }
  }
});

Deno.test("eigenvalues of companion matrices are the roots of their polynomials", () => {
  // (x − 3)(x + 2)(x² − 2x + 5), whose last roots are 1 ± 2i.
  const [a, b, c, d] = [-3, 1, 7, -30];
  const companion = Float64Array.of(-a, -b, -c, -d, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
  const { real, imaginary, magnitudes } = generalEigenvalues(companion, 4);
  for (const [i, [x, y]] of [[3, 0], [1, 2], [1, -2], [-2, 0]].entries()) {
    assertAlmostEquals(real[i], x!, 1e-12);
    assertAlmostEquals(imaginary[i], y!, 1e-12);
    assertAlmostEquals(magnitudes[i], Math.hypot(x!, y!), 1e-12);
  }
});

Deno.test("eigenvalues of random matrices: power sums are the traces of powers", () => {
  for (const n of [1, 2, 3, 5, 20, 61]) {
    const matrix = Float64Array.from(normals(n * n, n));
    const { real, imaginary } = generalEigenvalues(matrix, n);
    let trace = 0, square = 0;
    for (let i = 0; i < n; i++) {
      trace += matrix[i * n + i]!;
      for (let j = 0; j < n; j++) square += matrix[i * n + j]! * matrix[j * n + i]!;
    }
    assertAlmostEquals(real.reduce((sum, x) => sum + x, 0), trace, 1e-11 * n);
    assertAlmostEquals(imaginary.reduce((sum, x) => sum + x, 0), 0, 1e-11 * n);
    const squares = real.reduce((sum, x, i) => sum + x * x - imaginary[i]! ** 2, 0);
    assertAlmostEquals(squares, square, 1e-11 * n * n);
  }
});

Deno.test("eigenvalues of rotations, Jordan blocks, triangles, zeros, permutations, ill-scaled ones", () => {
  const turn = generalEigenvalues(Float64Array.of(0, -1, 1, 0), 2);
  assertEquals([...turn.imaginary], [1, -1]);
  const jordan = generalEigenvalues(Float64Array.of(2, 1, 0, 0, 2, 1, 0, 0, 2), 3);
  for (const x of jordan.magnitudes) assertAlmostEquals(x, 2, 1e-4);
  assertEquals([...generalEigenvalues(Float64Array.of(1, 9, 9, 0, -5, 9, 0, 0, 3), 3).real], [
    -5,
    3,
    1,
  ]);
  assertEquals([...generalEigenvalues(new Float64Array(25), 5).magnitudes], [0, 0, 0, 0, 0]);
  assertEquals(generalEigenvalues(new Float64Array(), 0).real.length, 0);
  // A cycle, of which shifts make nothing at first.
  const cycle = new Float64Array(49);
  for (let i = 0; i < 7; i++) cycle[i * 7 + (i + 1) % 7] = 1;
  for (const x of generalEigenvalues(cycle, 7).magnitudes) assertAlmostEquals(x, 1, 1e-12);
  for (const scale of [1e-200, 1e-150, 1e150, 1e200]) {
    const { magnitudes } = generalEigenvalues(cycle.map((x) => x * scale), 7);
    for (const x of magnitudes) assertAlmostEquals(x / scale, 1, 1e-12);
  }
});

Deno.test("generalEigenvalues refuses NaN and other sizes, and stops when cancelled", () => {
  assertThrows(() => generalEigenvalues(new Float64Array(5), 2), RangeError, "got 5");
  assertThrows(() => generalEigenvalues(Float64Array.of(1, NaN, 0, 1), 2), RangeError, "got NaN");
  const stop = () => {
    throw new DOMException("enough", "AbortError");
  };
  assertThrows(() => generalEigenvalues(Float64Array.from(normals(100)), 10, stop), DOMException);
  assert(true);
});
