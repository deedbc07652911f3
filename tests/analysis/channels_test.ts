import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { addSquares, dominantPair } from "../../src/analysis/channels.ts";

const noise = (i: number) => Math.sin(i * 12.9898) * 43758.5453 % 1;
const norm = (vector: ArrayLike<number>) => Math.hypot(...Array.from(vector));

/** A matrix that is one outer product, and noise of that size. */
function nearRankOne(rows: number, columns: number, size: number) {
  const left = Float64Array.from({ length: rows }, (_, i) => 2 + Math.sin(i) - i / rows);
  const right = Float64Array.from({ length: columns }, (_, j) => Math.cos(j / 3) + 0.3);
  const matrix = Float32Array.from(
    { length: rows * columns },
    (_, at) => left[Math.floor(at / columns)]! * right[at % columns]! + size * noise(at),
  );
  return { left, right, matrix };
}

Deno.test("the dominant pair of a matrix of rank one is that matrix", () => {
  for (const [rows, columns] of [[20, 33], [33, 20], [1, 7], [7, 1]] as const) {
    const { matrix } = nearRankOne(rows, columns, 0);
    const { left, right } = dominantPair(matrix, rows);
    assertEquals([left.length, right.length], [rows, columns]);
    assertAlmostEquals(norm(right), 1, 1e-5);
    for (const [at, value] of matrix.entries()) {
      assertAlmostEquals(left[Math.floor(at / columns)]! * right[at % columns]!, value, 1e-5);
    }
  }
});

Deno.test("noise moves the dominant pair by no more than its share of the matrix", () => {
  const { left, right, matrix } = nearRankOne(60, 45, 0.05);
  const found = dominantPair(matrix, 60);
  const sigma = norm(left) * norm(right);
  // ‖noise‖₂ ≤ its Frobenius norm; singular vectors turn by that over σ₁ − σ₂ (Wedin).
  const reach = 0.05 * Math.sqrt(60 * 45 / 3);
  assert(reach < sigma / 10);
  assertAlmostEquals(norm(found.left), sigma, reach);
  let difference = 0;
  for (let at = 0; at < matrix.length; at++) {
    const i = Math.floor(at / 45), j = at % 45;
    difference += (found.left[i]! * found.right[j]! - left[i]! * right[j]!) ** 2;
  }
  assert(Math.sqrt(difference) < 3 * reach, `${Math.sqrt(difference)}, want < ${3 * reach}`);
});

Deno.test("of two components the larger is found, NaN and infinities counting as 0", () => {
  // σ₁ = 3 along (row 0, column 2), σ₂ = 2 along (row 1, column 0).
  const matrix = Float32Array.of(0, NaN, 3, 2, Infinity, 0);
  const { left, right } = dominantPair(matrix, 2);
  const products = [0, 1, 2, 3, 4, 5].map((at) => left[Math.floor(at / 3)]! * right[at % 3]!);
  for (const [at, want] of [0, 0, 3, 0, 0, 0].entries()) {
    assertAlmostEquals(products[at]!, want, 0.05, `element ${at}`);
  }
});

Deno.test("a matrix of zeros, and one of nothing, has a dominant pair of zeros", () => {
  assertEquals([...dominantPair(new Float32Array(6), 2).left], [0, 0]);
  assertEquals(dominantPair(new Float32Array(0), 0).left.length, 0);
});

Deno.test("squares are added to their channels, wherever the stream is cut", () => {
  const values = Float32Array.from({ length: 90 }, (_, i) => {
    return i % 13 === 4 ? NaN : i % 17 === 6 ? -Infinity : noise(i);
  });
  for (const [count, inner] of [[5, 6], [90, 1], [1, 90], [3, 4], [7, 20]] as const) {
    const want = new Float64Array(count);
    for (const [i, value] of values.entries()) {
      if (Number.isFinite(value)) want[Math.floor(i / inner) % count]! += value * value;
    }
    for (const step of [1, 4, 7, 90]) {
      const squares = new Float64Array(count);
      for (let from = 0; from < values.length; from += step) {
        addSquares(values.subarray(from, from + step), from, { count, inner }, squares);
      }
      assertEquals(squares, want);
    }
    const few = new Float64Array(1);
    addSquares(values, 0, { count, inner }, few);
    assertEquals(few[0], want[0]);
  }
});

Deno.test("squares of many values of a channel are summed as it is told, of few by themselves", () => {
  const values = new Float32Array(100).fill(2), lengths: number[] = [];
  const squares = new Float64Array(3);
  addSquares(values, 0, { count: 3, inner: 40 }, squares, ({ length }) => {
    lengths.push(length);
    return 1000;
  });
  assertEquals(lengths, [40, 40]);
  assertEquals([...squares], [1000, 1000, 80]);
});
