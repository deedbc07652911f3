import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type Matrix, spectrum } from "../../src/analysis/spectrum.ts";
import { normals } from "./oracle.ts";

type Counted = Matrix & { elementsRead: number };

function matrix(rows: number, columns: number, values: Float32Array | Float64Array): Counted {
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
function hestenes(rows: number, columns: number, values: ArrayLike<number>): number[] {
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
function known(rows: number, columns: number, sigma: (i: number) => number): Float64Array {
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

function assertSpectrum(found: readonly number[], expected: readonly number[], relative: number) {
  assertEquals(found.length, expected.length);
  found.forEach((value, i) => {
    assertAlmostEquals(value, expected[i], relative * expected[0]!, `value ${i}`);
  });
}

Deno.test("spectrum of small matrices equals one-sided Jacobi, whatever their shape", async () => {
  const side = fc.integer({ min: 1, max: 9 });
  await fc.assert(fc.asyncProperty(side, side, fc.integer({ min: 1 }), async (m, n, seed) => {
    const values = normals(m * n, seed);
    const { singular, full } = await spectrum(matrix(m, n, values), 16);
    const expected = hestenes(m, n, values);
    assertSpectrum(singular, expected, 1e-7);
    assertSpectrum([...full!], expected, 1e-7);
  }));
});

Deno.test("spectrum of tall and wide matrices in many slabs takes one pass", async () => {
  for (const [m, n] of [[5, 120_000], [120_000, 5], [300, 2000], [2000, 300]] as const) {
    const sigma = (i: number) => 3 / (1 + i);
    const input = matrix(m, n, known(m, n, sigma));
    const { singular, full } = await spectrum(input, 16);
    const expected = Array.from({ length: Math.min(m, n) }, (_, i) => sigma(i));
    assertSpectrum([...full!], expected, 1e-7);
    assertEquals(singular.length, Math.min(16, m, n));
    assertEquals(input.elementsRead, m * n);
  }
});

Deno.test("spectrum of large matrices: Lanczos finds the largest, to 1e-6", async () => {
  const sigma = (i: number) => 5 * 0.98 ** i;
  for (const [m, n] of [[1100, 1200], [1203, 1101]] as const) {
    const { singular, full } = await spectrum(matrix(m, n, known(m, n, sigma)), 16);
    assertEquals(full, null);
    assertSpectrum(singular, Array.from({ length: 16 }, (_, i) => sigma(i)), 1e-6);
  }
});

Deno.test("spectrum of a very wide matrix keeps to its short side", async () => {
  const [rows, columns] = [400, 66_000];
  // One element a row, three of which matter.
  const read = (from: number, count: number) => {
    const band = new Float32Array(count);
    for (let row = Math.ceil(from / columns); row * columns < from + count; row++) {
      band[row * columns + 60 * row - from] = row < 3 ? 3 - row : 0.01;
    }
    return band;
  };
  const { singular, full } = await spectrum({ rows, columns, read }, 3);
  assertEquals(full, null);
  assertSpectrum(singular, [3, 2, 1], 1e-6);
});

Deno.test("spectrum of large matrices of low rank, equal singular values, or zeros", async () => {
  const n = 1030;
  const low = known(n, n, (i) => i < 3 ? 3 - i : 0);
  assertSpectrum(
    (await spectrum(matrix(n, n, low), 16)).singular,
    [3, 2, 1, ...new Array(13).fill(0)],
    1e-6,
  );
  const identity = new Float32Array(n * n);
  for (let i = 0; i < n; i++) identity[i * n + i] = 2;
  assertSpectrum(
    (await spectrum(matrix(n, n, identity), 16)).singular,
    new Array(16).fill(2),
    1e-12,
  );
  const zeros = await spectrum(matrix(n, n, new Float32Array(n * n)), 16);
  assertEquals(zeros.singular, new Array(16).fill(0));
});

Deno.test("spectrum of rows and columns of one: the Euclidean norm", async () => {
  const values = normals(300_001, 9);
  const norm = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
  for (const [m, n] of [[1, values.length], [values.length, 1]] as const) {
    const { singular } = await spectrum(matrix(m, n, values), 16);
    assertSpectrum(singular, [norm], 1e-12);
  }
});

Deno.test("spectrum stops with the signal's reason, before or in the middle", async () => {
  const side = 1030;
  const input = matrix(side, side, normals(side * side));
  const reason = new DOMException("enough", "AbortError");
  await assertRejects(() => spectrum(input, 16, AbortSignal.abort(reason)), DOMException, "enough");
  assertEquals(input.elementsRead, 0);

  const abort = new AbortController();
  const read: Matrix["read"] = (from, count) => {
    if (from > 0) abort.abort(reason);
    return input.read(from, count);
  };
  const started = spectrum({ ...input, read }, 16, abort.signal);
  await assertRejects(() => started, DOMException, "enough");
  assert(input.elementsRead < side * side, `${input.elementsRead} read after the abort`);
  const small = matrix(2, 2, normals(4));
  await assertRejects(() => spectrum(small, 2, AbortSignal.abort(reason)), DOMException, "enough");
});
