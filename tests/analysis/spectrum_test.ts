import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import type { Matrix } from "../../src/analysis/matrix.ts";
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

Deno.test("spectrum of rows and columns of one: the Euclidean norm", async () => {
  const values = normals(300_001, 9);
  const norm = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
  for (const [m, n] of [[1, values.length], [values.length, 1]] as const) {
    assertValues(await spectrum(matrix(m, n, values), wasm), [norm], 1e-12);
  }
});

Deno.test("spectrum stops with the signal's reason, before or in the middle", async () => {
  const input = matrix(300, 2000, normals(600_000));
  const reason = new DOMException("enough", "AbortError");
  await assertRejects(
    () => spectrum(input, wasm, AbortSignal.abort(reason)),
    DOMException,
    "enough",
  );
  assertEquals(input.elementsRead, 0);

  const abort = new AbortController();
  const read: Matrix["read"] = (from, count) => {
    if (from > 0) abort.abort(reason);
    return input.read(from, count);
  };
  await assertRejects(
    () => spectrum({ ...input, read }, wasm, abort.signal),
    DOMException,
    "enough",
  );
  assert(input.elementsRead < 600_000, `${input.elementsRead} read after the abort`);
});
