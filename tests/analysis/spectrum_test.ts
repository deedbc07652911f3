import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { isSmall, spectrum } from "../../src/analysis/spectrum.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { assertValues, hestenes, known, matrix } from "./matrices.ts";
import { normals } from "./oracle.ts";

Deno.test("spectrum of small matrices equals one-sided Jacobi, whatever their shape", async () => {
  const side = fc.integer({ min: 1, max: 9 });
  await fc.assert(fc.asyncProperty(side, side, fc.integer({ min: 1 }), async (m, n, seed) => {
    const values = normals(m * n, seed);
    const found = await spectrum(matrix(m, n, values), wasm);
    const expected = hestenes(m, n, values);
    assertValues(found, expected, 1e-7);
  }));
});

Deno.test("spectrum of tall and wide matrices in many slabs takes one pass", async () => {
  for (const [m, n] of [[5, 120_000], [120_000, 5], [300, 2000], [2000, 300]] as const) {
    const sigma = (i: number) => 3 / (1 + i);
    const input = matrix(m, n, known(m, n, sigma));
    assert(isSmall(input));
    const found = await spectrum(input, wasm);
    const expected = Array.from({ length: Math.min(m, n) }, (_, i) => sigma(i));
    assertValues(found, expected, 1e-7);
    assertEquals(input.elementsRead, m * n);
  }
});

Deno.test("spectrum of up to 2048 a side: small values are off by 1e-15·σ₁²/σ", async () => {
  for (const [rows, columns] of [[2048, 2048], [2048, 9000], [70_000, 2048]] as const) {
    assertEquals(isSmall({ rows, columns }), rows < 70_000, `${rows} × ${columns}`);
  }
  assert(!isSmall({ rows: 2049, columns: 2049 }));
  const m = 1100, n = 1300, sigma = (i: number) => 10 ** (-6 * i / (m - 1));
  const found = await spectrum(matrix(m, n, known(m, n, sigma)), wasm);
  found.forEach((value, i) => {
    const off = Math.abs(value - sigma(i)), most = 4e-15 / sigma(i);
    assert(off <= most, `${i}: ${value} is off by ${off}, not ${most}`);
  });
});

Deno.test("spectrum of the smallest and the largest float32 numbers is of their scale", async () => {
  const [m, n] = [40, 30], values = normals(m * n, 2);
  const expected = await spectrum(matrix(m, n, values), wasm);
  for (const scale of [2 ** -125, 2 ** -100, 2 ** 100, 2 ** 124]) {
    const found = await spectrum(matrix(m, n, values.map((x) => x * scale)), wasm);
    // Powers of two leave the digits, but of those that are denormal.
    assertValues(found.map((value) => value / scale), [...expected], 1e-6);
  }
});

Deno.test("spectrum of rows and columns of one: the Euclidean norm", async () => {
  const values = normals(300_001, 9);
  const norm = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
  for (const [m, n] of [[1, values.length], [values.length, 1]] as const) {
    assertValues(await spectrum(matrix(m, n, values), wasm), [norm], 1e-12);
  }
});

Deno.test("spectrum stops when cancelled: before, in the middle, and once all is read", async () => {
  const input = matrix(300, 2000, normals(600_000)),
    reason = new DOMException("enough", "AbortError");
  const stop = (isEnough: () => boolean) => () => {
    if (isEnough()) throw reason;
  };
  const stopped = (isEnough: () => boolean) =>
    assertRejects(() => spectrum(input, wasm, stop(isEnough)), DOMException, "enough");
  await stopped(() => true);
  assertEquals(input.elementsRead, 0);
  await stopped(() => input.elementsRead > 0);
  assert(input.elementsRead < 600_000, `${input.elementsRead} read after that`);
  input.elementsRead = 0;
  let asked = 0;
  await stopped(() => input.elementsRead === 600_000 && ++asked > 1);
  assertEquals(asked, 2, "asked once more while the matrix is reduced");
});
