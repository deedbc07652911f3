import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  dot,
  symmetricEigen,
  tridiagonalEigenvalues,
  tridiagonalize,
} from "../../src/analysis/eigenvalues.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { normals } from "./oracle.ts";

/** Eigenvalues of a symmetric matrix by cyclic Jacobi rotations (Jacobi 1846): slow and plain. */
function jacobi(matrix: Float64Array, n: number): number[] {
  const a = matrix.slice();
  const at = (i: number, j: number) => a[i * n + j]!;
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (at(p, q) === 0) continue;
        const angle = Math.atan2(2 * at(p, q), at(q, q) - at(p, p)) / 2;
        const c = Math.cos(angle), s = Math.sin(angle);
        for (let k = 0; k < n; k++) {
          const [x, y] = [at(k, p), at(k, q)];
          a[k * n + p] = c * x - s * y;
          a[k * n + q] = s * x + c * y;
        }
        for (let k = 0; k < n; k++) {
          const [x, y] = [at(p, k), at(q, k)];
          a[p * n + k] = c * x - s * y;
          a[q * n + k] = s * x + c * y;
        }
      }
    }
  }
  return Array.from({ length: n }, (_, i) => at(i, i)).sort((x, y) => y - x);
}

function symmetric(n: number, seed: number): Float64Array {
  const values = normals(n * n, seed);
  return Float64Array.from(values, (x, i) => x + values[(i % n) * n + Math.floor(i / n)]!);
}

const eigenvalues = (
  matrix: Float64Array,
  n: number,
) => [...tridiagonalEigenvalues(tridiagonalize(matrix.slice(), n)).values];

Deno.test("eigenvalues of random symmetric matrices equal those of Jacobi's method", () => {
  for (const n of [1, 2, 3, 5, 17, 40]) {
    const matrix = symmetric(n, n);
    const expected = jacobi(matrix, n);
    eigenvalues(matrix, n).forEach((value, i) =>
      assertAlmostEquals(value, expected[i], 1e-12 * n, `${n}: ${i}`)
    );
  }
});

Deno.test("eigenvalues of the second difference matrix are 2 − 2 cos(kπ / (n + 1))", () => {
  const n = 300;
  const { values } = tridiagonalEigenvalues({
    diagonal: new Float64Array(n).fill(2),
    beside: new Float64Array(n - 1).fill(-1),
  });
  values.forEach((value, i) =>
    assertAlmostEquals(value, 2 - 2 * Math.cos((n - i) * Math.PI / (n + 1)), 1e-13)
  );
});

Deno.test("eigenvalues of diagonal, zero, rank-one, repeated and empty matrices", () => {
  assertEquals(eigenvalues(new Float64Array(), 0), []);
  assertEquals(eigenvalues(Float64Array.of(3, 0, 0, 0, 5, 0, 0, 0, -1), 3), [5, 3, -1]);
  assertEquals(eigenvalues(new Float64Array(16), 4), [0, 0, 0, 0]);
  const [first, ...others] = eigenvalues(new Float64Array(49).fill(1), 7);
  assertAlmostEquals(first, 7, 1e-14);
  for (const value of others) assertAlmostEquals(value, 0, 1e-14);
});

Deno.test("the last components are those of unit eigenvectors", () => {
  // [[2, 1], [1, 2]] has eigenvectors (1, ±1) / √2; and Σ last² = 1, Σ last²·λ = the last diagonal entry.
  const { values, last } = tridiagonalEigenvalues({
    diagonal: Float64Array.of(2, 2),
    beside: Float64Array.of(1),
  });
  assertEquals([...values].map((x) => Math.round(x * 1e12) / 1e12), [3, 1]);
  for (const z of last) assertAlmostEquals(Math.abs(z), Math.SQRT1_2, 1e-14);

  const diagonal = Float64Array.from(normals(50, 1)), beside = Float64Array.from(normals(49, 2));
  const random = tridiagonalEigenvalues({ diagonal, beside });
  assertAlmostEquals(dot(random.last, 0, random.last, 0, 50), 1, 1e-13);
  const mean = random.values.reduce((sum, value, i) => sum + value * random.last[i]! ** 2, 0);
  assertAlmostEquals(mean, diagonal[49], 1e-12);
  const square = random.values.reduce((sum, value, i) => sum + (value * random.last[i]!) ** 2, 0);
  assertAlmostEquals(square, diagonal[49]! ** 2 + beside[48]! ** 2, 1e-12);
});

Deno.test("dot adds every product once, at any length", () => {
  for (const length of [0, 1, 2, 3, 64, 65]) {
    const a = Float64Array.from({ length: length + 2 }, (_, i) => i);
    assert(dot(a, 1, a, 2, length) === a.slice(1, length + 1).reduce((s, x) => s + x * (x + 1), 0));
  }
});

Deno.test("symmetricEigen: eigenvectors are orthonormal and make the matrix again", () => {
  for (const n of [0, 1, 2, 3, 8, 33, 90]) {
    const matrix = symmetric(n, n + 1), { values, vectors } = symmetricEigen(matrix, n);
    const expected = jacobi(matrix, n);
    for (let k = 0; k < n; k++) {
      assertAlmostEquals(values[k], expected[k], 1e-12 * n);
      for (let other = 0; other <= k; other++) {
        const product = dot(vectors, k * n, vectors, other * n, n);
        assertAlmostEquals(product, other === k ? 1 : 0, 1e-12);
      }
      for (let i = 0; i < n; i++) {
        const product = dot(matrix, i * n, vectors, k * n, n);
        assertAlmostEquals(product, values[k]! * vectors[k * n + i]!, 1e-12 * n);
      }
    }
  }
  const equal = symmetricEigen(Float64Array.of(3, 0, 0, 0, 3, 0, 0, 0, 5), 3);
  assertEquals([...equal.values], [5, 3, 3]);
  assertThrows(() => symmetricEigen(new Float64Array(3), 2), RangeError, "has 4 values, got 3");
});

Deno.test("symmetricEigen: kernels reduce as the reference does, and read the lower triangle alone", () => {
  for (const n of [1, 2, 9, 64, 131]) {
    const matrix = symmetric(n, n + 2), lower = matrix.slice();
    for (let i = 0; i < n; i++) lower.fill(NaN, i * n + i + 1, (i + 1) * n);
    const own = symmetricEigen(matrix, n), { values } = symmetricEigen(lower, n, { ops: wasm });
    values.forEach((value, i) => assertAlmostEquals(value, own.values[i], 1e-13 * n));
    assert(lower.every((x, at) => Number.isNaN(x) === (at % n > Math.floor(at / n))));
  }
});

Deno.test("symmetricEigen stops when cancelled, at any row of any part", () => {
  const n = 12, matrix = symmetric(n, 5);
  let times = 0;
  symmetricEigen(matrix, n, { cancelled: () => times++ });
  assert(times >= 3 * n - 1, `asked ${times} times`);
  for (let last = 1; last <= times; last++) {
    let asked = 0;
    const cancelled = () => {
      if (++asked === last) throw new DOMException("enough", "AbortError");
    };
    assertThrows(() => symmetricEigen(matrix, n, { ops: wasm, cancelled }), DOMException, "enough");
  }
  assertEquals(symmetricEigen(matrix, n, { ops: wasm }).values.length, n, "memory was given back");
});

Deno.test("what is so small that its square is rounded off does no harm beside others", () => {
  for (const tiny of [1e-140, 1e-150, 1e-155, 1e-158, 1e-160, 1e-162, 5e-324]) {
    const matrix = Float64Array.of(1, tiny, tiny, 0, 2, tiny, 0, tiny, 3);
    matrix[3] = matrix[6] = tiny;
    const { values, vectors } = symmetricEigen(matrix, 3);
    for (const [i, x] of values.entries()) assertAlmostEquals(x, 3 - i, 1e-12, `${tiny}`);
    for (const [i, x] of vectors.entries()) {
      assertAlmostEquals(Math.abs(x), [0, 0, 1, 0, 1, 0, 1, 0, 0][i]!, 1e-12);
    }
  }
});
