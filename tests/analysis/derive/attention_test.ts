import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { derive, repeat } from "../../../src/analysis/derive/table.ts";
import { plainWasm } from "../../../src/compute/wasm.ts";
import { BadRequest } from "../../../src/errors.ts";
import { normals } from "../oracle.ts";

const means = { ops: plainWasm, cancelled: () => {} };
const recipe = { kind: "attention", symmetric: false, squarings: 1, reordered: false } as const;

/** The square of an n × n matrix, rows divided by their sums, in as many parts; memory held something else. */
function squared(matrix: Float32Array, n: number, parts = 1): Float32Array {
  const into = new Float32Array(n * n).fill(77);
  for (let i = 0; i < parts; i++) {
    const rows = { from: Math.floor(n * i / parts), to: Math.floor(n * (i + 1) / parts) };
    repeat(recipe, [n, n], matrix, into, rows, means);
  }
  return into;
}

/** The same by its definition. */
function expected(matrix: Float32Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      for (let j = 0; j < n; j++) out[i * n + j]! += matrix[i * n + k]! * matrix[k * n + j]!;
    }
    const row = out.subarray(i * n, (i + 1) * n), sum = row.reduce((a, b) => a + b, 0);
    if (sum > 0) row.forEach((value, j) => row[j] = value / sum);
  }
  return out;
}

/** What rows reach, of positive numbers: row i those columns j for which it says so. */
const reaching = (n: number, reaches: (i: number, j: number) => boolean) =>
  normals(n * n).map((x, at) => reaches(Math.floor(at / n), at % n) ? Math.abs(x) / n : 0);

const reaches: Readonly<Record<string, (i: number, j: number, n: number) => boolean>> = {
  everything: () => true,
  "what came before": (i, j) => j <= i,
  "what comes after": (i, j) => j >= i,
  "a window before": (i, j) => j <= i && i - j < 9,
  "the next": (i, j) => j === i + 1,
  "the first two": (_, j) => j < 2,
  nothing: () => false,
  "the other half": (i, j, n) => i < n / 2 ? j < n / 3 : j >= n / 2,
  "the last, by the first": (i, j, n) => i === 0 ? j === n - 1 : j === 0,
};

for (const [name, does] of Object.entries(reaches)) {
  Deno.test(`attention squared, where positions look at ${name}, is as defined`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 150 }), fc.integer({ min: 1, max: 4 }), (n, parts) => {
        const matrix = reaching(n, (i, j) => does(i, j, n)), want = expected(matrix, n);
        const found = squared(matrix, n, parts);
        for (const [at, value] of found.entries()) {
          assertAlmostEquals(value, want[at]!, 1e-5 * want[at]!, `${at} of ${n} × ${n}`);
        }
        assertEquals(found, squared(matrix, n), "in parts as in one go");
      }),
      { numRuns: 15 },
    );
  });
}

Deno.test("attention squared: 0 times what is not finite is NaN, whoever looks there", () => {
  const n = 140;
  for (const value of [NaN, Infinity, -Infinity]) {
    const matrix = reaching(n, (i, j) => j <= i);
    matrix[(n - 1) * n + 3] = value;
    for (const parts of [1, 3]) {
      const found = squared(matrix, n, parts);
      for (let i = 0; i < n - 1; i++) assert(Number.isNaN(found[i * n + 3]), `row ${i}`);
      assert(!Number.isFinite(found[(n - 1) * n + 3]));
      assert(Number.isFinite(found[5 * n + 4]));
    }
  }
});

Deno.test("attention squared: what is not finite in a row makes NaN of all that it takes, also of 0", () => {
  const n = 140;
  for (const value of [NaN, Infinity, -Infinity]) {
    const matrix = reaching(n, (i, j) => j <= i);
    matrix[9 * n + 3] = value;
    for (const parts of [1, 3, 20]) {
      const row = squared(matrix, n, parts).subarray(9 * n, 10 * n);
      // Row 3 is 0 from column 4 on.
      assert(row.subarray(10).every(Number.isNaN), `${value} in ${parts} parts: ${row}`);
    }
  }
});

Deno.test("attention: what is read in bands is the head, or the mean of heads, to its last row", async () => {
  for (const [heads, n] of [[1, 300], [3, 300], [2, 7], [1, 1], [2, 1]] as const) {
    const values = normals(heads * n * n), into = new Float32Array(n * n);
    const read = (from: number, count: number) => values.slice(from, from + count);
    await derive(recipe, { shape: [heads, n, n], read }, into, means);
    for (let at = 0; at < n * n; at++) {
      let sum = 0;
      for (let head = 0; head < heads; head++) sum += values[head * n * n + at]!;
      assertEquals(into[at], Math.fround(sum / heads), `${at} of ${heads} heads of ${n}`);
    }
  }
});

Deno.test("attention that is not finite has no Laplacian, and no order by it: a bad request", async () => {
  const n = 6;
  for (const value of [NaN, Infinity, -Infinity]) {
    const values = normals(n * n).map(Math.abs);
    values[n + 2] = value;
    const from = {
      shape: [1, n, n],
      read: (from: number, count: number) => values.slice(from, from + count),
    };
    for (const asked of [{ kind: "laplacian" }, { ...recipe, reordered: true }] as const) {
      const into = new Float32Array(asked.kind === "laplacian" ? 3 * 2 * n : n * n);
      await assertRejects(
        async () => await derive(asked, from, into, means),
        BadRequest,
        "a Laplacian is of finite numbers",
      );
    }
  }
});
