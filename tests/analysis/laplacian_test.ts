import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { symmetricEigen } from "../../src/analysis/eigenvalues.ts";
import { laplacianEigen } from "../../src/analysis/laplacian.ts";
import { attentions } from "./attentions.ts";
import { normals } from "./oracle.ts";

Deno.test("smallest eigenvalues of Laplacians of captured attention equal numpy's", async () => {
  for (const { name, matrix, n, expected } of await attentions()) {
    const { values } = laplacianEigen(matrix, n, 8);
    expected.laplacian_smallest.forEach((value, i) =>
      assertAlmostEquals(values[i], value, 1e-7, `${i} of ${name}`)
    );
    const symmetric = Float64Array.from(
      matrix,
      (x, i) => (x + matrix[(i % n) * n + Math.floor(i / n)]!) / 2,
    );
    const largest = symmetricEigen(symmetric, n).values;
    expected.symmetric_largest.forEach((value, i) =>
      assertAlmostEquals(largest[i], value, 1e-7, `${i} of ${name}`)
    );
  }
});

/** ‖Lv − λv‖ of every eigenvector, its length and its products with the others. */
function check(matrix: ArrayLike<number>, n: number, count: number): number[] {
  const { values, vectors } = laplacianEigen(Float64Array.from(matrix), n, count);
  const sums = new Float64Array(n);
  const weight = (i: number, j: number) => (matrix[i * n + j]! + matrix[j * n + i]!) / 2;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sums[i]! += weight(i, j);
  const scale = Math.max(...sums);
  for (let k = 0; k < count; k++) {
    const v = vectors.subarray(k * n, (k + 1) * n);
    for (let i = 0; i < n; i++) {
      let rest = (sums[i]! - values[k]!) * v[i]!;
      for (let j = 0; j < n; j++) rest -= weight(i, j) * v[j]!;
      assertAlmostEquals(rest, 0, 1e-6 * scale, `row ${i} of ${k}`);
    }
    for (let other = 0; other <= k; other++) {
      let product = 0;
      for (let i = 0; i < n; i++) product += v[i]! * vectors[other * n + i]!;
      assertAlmostEquals(product, other === k ? 1 : 0, 1e-9);
    }
    if (k > 0) assert(values[k]! >= values[k - 1]! - 1e-9 * scale);
  }
  return [...values];
}

Deno.test("Laplacians of small and of large graphs: residuals, orthogonal vectors, two clusters", () => {
  for (const n of [1, 2, 7, 600]) {
    const weights = normals(n * n, 3).map((x, i) => {
      const apart = (i % n < n / 2) !== (Math.floor(i / n) < n / 2);
      return Math.abs(x) * (apart ? 0.02 : 1);
    });
    const values = check(weights, n, Math.min(4, n));
    assertAlmostEquals(values[0], 0, 1e-8 * n);
    if (n < 600) continue;
    // Two clusters: the second eigenvalue is small, its vector tells them apart.
    assert(values[1]! < 0.1 * values[2]!, `${values}`);
    const { vectors } = laplacianEigen(weights, n, 2);
    const signs = Array.from({ length: n }, (_, i) => Math.sign(vectors[n + i]!));
    assert(signs.every((sign, i) => sign === signs[i < n / 2 ? 0 : n - 1]));
  }
});

Deno.test("Laplacians of graphs in pieces, without edges, of a ring", () => {
  const pieces = new Float64Array(36);
  for (let i = 0; i < 6; i++) {
    for (let j = 0; j < 6; j++) {
      pieces[i * 6 + j] = i >> 1 === j >> 1 ? 1 : 0;
    }
  }
  const values = check(pieces, 6, 4);
  for (const [i, x] of [0, 0, 0, 2].entries()) assertAlmostEquals(values[i], x, 1e-12);
  assertEquals([...laplacianEigen(new Float64Array(9), 3, 3).values], [0, 0, 0]);
  const empty = laplacianEigen(new Float32Array(520 * 520), 520, 4);
  assertEquals([...empty.values], [0, 0, 0, 0]);
  for (let k = 0; k < 4; k++) {
    const squares = empty.vectors.subarray(k * 520, (k + 1) * 520).reduce((s, x) => s + x * x, 0);
    assertAlmostEquals(squares, 1, 1e-12);
  }
  // λ = 2 − 2 cos(2πk / n).
  for (const n of [9, 520]) {
    const ring = new Float64Array(n * n);
    for (let i = 0; i < n; i++) ring[i * n + (i + 1) % n] = 2;
    const { values } = laplacianEigen(ring, n, 3);
    const second = 2 - 2 * Math.cos(2 * Math.PI / n);
    assertAlmostEquals(values[1], second, 1e-6);
    assertAlmostEquals(values[0], 0, 1e-9);
  }
});

Deno.test("laplacianEigen refuses NaN and other sizes, and stops when cancelled", () => {
  assertThrows(() => laplacianEigen(new Float64Array(5), 2, 1), RangeError, "4 weights, got 5");
  assertThrows(
    () => laplacianEigen(Float64Array.of(0, NaN, 1, 0), 2, 1),
    RangeError,
    "node 0 of 2",
  );
  const stop = () => {
    throw new DOMException("enough", "AbortError");
  };
  assertThrows(
    () => laplacianEigen(new Float64Array(520 * 520).fill(1), 520, 2, stop),
    DOMException,
  );
});
