import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Matrix } from "../../src/analysis/matrix.ts";
import { help, openPair, pairMemory } from "../../src/analysis/pair.ts";
import { NotFinite, openBands } from "../../src/analysis/row_bands.ts";
import { spectrum } from "../../src/analysis/spectrum.ts";
import { type TruncatedSvd, truncatedSvd } from "../../src/analysis/truncated_svd.ts";
import type { Ops } from "../../src/compute/ops.ts";
import { reference } from "../../src/compute/reference.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { assertValues, hestenes, known, matrix } from "./matrices.ts";
import { byEach, type Opener, openers } from "./openers.ts";
import { normals } from "./oracle.ts";

const byOps = (ops: Ops): Opener["open"] => (matrix) => openBands(matrix, ops);

async function svd(matrix: Matrix, count: number, open = byOps(wasm)): Promise<TruncatedSvd> {
  const bands = await open(matrix);
  try {
    return await truncatedSvd(bands, count);
  } finally {
    bands.close();
  }
}

/** A·v of a matrix and Aᵀ·u, in float64. */
function times(
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  v: Float64Array,
  turn: boolean,
) {
  const out = new Float64Array(turn ? columns : rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      out[turn ? j : i]! += values[i * columns + j]! * v[turn ? i : j]!;
    }
  }
  return out;
}

const norm = (v: Float64Array) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
const inner = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const minus = (a: Float64Array, b: Float64Array, factor: number) =>
  a.map((x, i) => x - factor * b[i]!);

byEach(
  "truncatedSvd of known singular values: values, residuals, orthogonal vectors",
  async ({ open }) => {
    const sigma = (i: number) => 5 * 0.98 ** i;
    for (const [m, n] of [[1100, 1200], [603, 501], [40, 900], [900, 40], [3, 5]] as const) {
      const values = known(m, n, sigma), count = Math.min(16, m, n);
      const found = await svd(matrix(m, n, values), count, open);
      assertEquals([found.converged, found.values.length], [count, count]);
      for (let i = 0; i < count; i++) {
        const [u, v, s] = [found.left[i]!, found.right[i]!, found.values[i]!];
        assertAlmostEquals(s, sigma(i), 1e-6 * sigma(i), `σ${i + 1} of ${m} × ${n}`);
        assert(
          norm(minus(times(values, m, n, v, false), u, s)) < 2e-6 * 5,
          `Av of ${i}, ${m} × ${n}`,
        );
        const residual = norm(minus(times(values, m, n, u, true), v, s));
        assertAlmostEquals(residual, found.residuals[i]!, 1e-5, `residual ${i} of ${m} × ${n}`);
        assert(residual < 5e-3, `${residual}`);
        for (let j = 0; j <= i; j++) {
          assertAlmostEquals(inner(v, found.right[j]!), i === j ? 1 : 0, 1e-10);
          assertAlmostEquals(inner(u, found.left[j]!), i === j ? 1 : 0, 1e-5);
        }
        const largest = v.reduce((most, x) => Math.abs(x) > Math.abs(most) ? x : most, 0);
        assert(largest > 0);
      }
    }
  },
);

Deno.test("truncatedSvd of small matrices equals one-sided Jacobi, by any ops", async () => {
  for (const [m, n] of [[1, 1], [1, 7], [7, 1], [2, 2], [6, 9], [9, 6], [23, 17]] as const) {
    const values = normals(m * n, m + n), expected = hestenes(m, n, values);
    for (
      const { open } of [...openers.filter((each) => each !== null), { open: byOps(reference) }]
    ) {
      assertValues((await svd(matrix(m, n, values), 30, open)).values, expected, 1e-6);
    }
  }
});

byEach("truncatedSvd is always the same", async ({ open }) => {
  const input = matrix(200, 300, normals(60_000));
  assertEquals(await svd(input, 4, open), await svd(input, 4, open));
});

byEach("truncatedSvd of low rank, equal values, zeros", async ({ open }) => {
  const n = 530;
  const low = await svd(matrix(n, n, known(n, n, (i) => i < 3 ? 3 - i : 0)), 16, open);
  assertValues(low.values, [3, 2, 1, ...new Array(13).fill(0)], 1e-6);
  const identity = Float32Array.from({ length: n * n }, (_, i) => i % (n + 1) === 0 ? 2 : 0);
  assertValues((await svd(matrix(n, n, identity), 16, open)).values, new Array(16).fill(2), 1e-6);
  const zeros = await svd(matrix(n, n, new Float32Array(n * n)), 16, open);
  assertEquals([...zeros.values, ...zeros.residuals], new Array(32).fill(0));
  assert(zeros.left.every((u) => u.every((x) => x === 0)));
  assertAlmostEquals(norm(zeros.right[15]!), 1, 1e-12);
});

byEach(
  "truncatedSvd finds values that are a thousandth of the first and less",
  async ({ open }) => {
    const sigma = (i: number) => 10 ** (-i / 4);
    for (const [m, n] of [[300, 200], [200, 300], [700, 650]] as const) {
      const found = await svd(matrix(m, n, known(m, n, sigma)), 16, open);
      for (const [i, value] of found.values.entries()) {
        assertAlmostEquals(value, sigma(i), 1e-6, `σ${i + 1} of ${m} × ${n}`);
        assertAlmostEquals(value, sigma(i), 2e-5 * sigma(i), `σ${i + 1} of ${m} × ${n}`);
      }
    }
  },
);

byEach("truncatedSvd finds noise that lies far below one large value", async ({ open }) => {
  const [m, n] = [500, 400], noise = normals(m * n, 3), [u, v] = [normals(m, 4), normals(n, 5)];
  for (const level of [1e-1, 1e-2]) {
    const values = noise.map((x, at) => 10 * u[Math.floor(at / n)]! * v[at % n]! + level * x);
    const expected = await spectrum(matrix(m, n, values), wasm);
    const found = await svd(matrix(m, n, values), 16, open);
    for (const [i, value] of found.values.entries()) {
      // As documented: of these float32 products have few digits.
      assertAlmostEquals(value, expected[i]!, 1e-6 * expected[0]!, `σ${i + 1} at ${level}`);
    }
  }
});

byEach("truncatedSvd of what is low in rank finds orthogonal vectors too", async ({ open }) => {
  for (const [m, n, rank] of [[300, 200, 3], [200, 300, 2], [90, 60, 1]] as const) {
    const { right } = await svd(matrix(m, n, known(m, n, (i) => i < rank ? 3 - i : 0)), 16, open);
    for (let i = 0; i < 16; i++) {
      for (let j = 0; j <= i; j++) {
        const product = inner(right[i]!, right[j]!);
        assertAlmostEquals(product, i === j ? 1 : 0, 1e-9, `${i}, ${j} of ${m} × ${n}`);
      }
    }
  }
});

byEach(
  "truncatedSvd finds values that come in twos, and an odd number of them",
  async ({ open }) => {
    const values = known(700, 301, (i) => 0.9 ** Math.floor(i / 2));
    for (const count of [7, 8]) {
      const found = await svd(matrix(700, 301, values), count, open);
      assertEquals(found.converged, count);
      assertValues(found.values, Array.from({ length: count }, (_, i) => 0.9 ** (i >> 1)), 1e-6);
    }
  },
);

byEach(
  "truncatedSvd of numbers whose squares leave float32, or that do themselves",
  async ({ open }) => {
    const [m, n] = [90, 70], values = known(m, n, (i) => 3 * 0.7 ** i);
    for (const scale of [1e-40, 1e-30, 1e30, 1e37, 1e-200, 1e200]) {
      const found = await svd(matrix(m, n, values.map((x) => x * scale)), 5, open);
      const expected = Array.from({ length: 5 }, (_, i) => 3 * 0.7 ** i);
      assertValues(found.values.map((x) => x / scale), expected, 1e-6);
      assert(found.residuals.every((residual) => residual / scale < 1e-2), `${found.residuals}`);
    }
  },
);

byEach(
  "what is started with is near the largest vector, whatever the scale",
  async ({ open, name }) => {
    const [m, n] = [900, 800], values = normals(m * n).map((x) => x + 8);
    for (const scale of [2 ** -40, 1, 2 ** 8, 2 ** 20]) {
      const opened = await open(matrix(m, n, values.map((x) => x * scale)));
      try {
        const start = await opened.start?.() ?? [];
        assertEquals(start.length > 0, name === "gpu");
        if (start.length === 0) continue;
        const [first] = (await truncatedSvd(opened, 1)).right;
        const share = start.reduce((sum, each) => sum + inner(each, first!) ** 2, 0);
        assertAlmostEquals(share, 1, 1e-4, `of ${scale}`);
      } finally {
        opened.close();
      }
    }
  },
);

byEach("truncatedSvd refuses what is not finite, with the rows it is in", async ({ open }) => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const values = normals(40 * 30);
    values[777] = value;
    const { message } = await assertRejects(() => svd(matrix(40, 30, values), 3, open), NotFinite);
    assert(message.startsWith("rows 0 to 40 hold NaN or infinity"), message);
  }
});

Deno.test("truncatedSvd reads a matrix that cannot be held once for eight vectors", async () => {
  const [m, n] = [400, 66_000];
  let passes = 0;
  // One element a row, three of which matter.
  const read = (from: number, count: number) => {
    if (from === 0) passes++;
    const band = new Float32Array(count);
    for (let row = Math.ceil(from / n); row * n < from + count; row++) {
      band[row * n + 60 * row - from] = row < 3 ? 3 - row : 0.01;
    }
    return band;
  };
  const found = await svd({ rows: m, columns: n, read }, 3);
  assertValues(found.values, [3, 2, 1], 1e-6);
  assert(passes < 6, `${passes} passes`);
});

Deno.test("truncatedSvd by a pair: the same figures with a helper, without, and when it is lost", async () => {
  const [m, n] = [301, 200], input = matrix(m, n, known(m, n, (i) => 0.9 ** i));
  const memory = pairMemory(m, n);
  const alone = await openPair(input, memory, wasm, () => {});
  const expected = await truncatedSvd(alone, 8);
  alone.close();
  assertValues(expected.values, Array.from({ length: 8 }, (_, i) => 0.9 ** i), 1e-6);
  // Below the leader's rows too, what is not finite is found.
  const holed = known(m, n, (i) => 0.9 ** i);
  holed[m * n - 1] = NaN;
  const broken = () => openPair(matrix(m, n, holed), pairMemory(m, n), wasm, () => {});
  await assertRejects(broken, NotFinite);
  // Too late to help.
  await help(input, memory, wasm, () => {});

  for (const rounds of [Infinity, 5, 1]) {
    const memory = pairMemory(m, n);
    const worker = new Worker(new URL("./pair_worker.ts", import.meta.url), { type: "module" });
    const ready = Promise.withResolvers<void>(), ended = Promise.withResolvers<string>();
    worker.onmessage = ({ data }) => data === "ready" ? ready.resolve() : ended.resolve(data);
    worker.postMessage({ m, n, values: await input.read(0, m * n), memory, rounds });
    await ready.promise;
    const pair = await openPair(input, memory, wasm, () => {});
    const found = await truncatedSvd(pair, 8);
    pair.close();
    assertEquals(found, expected, `${rounds} rounds`);
    assertEquals(await ended.promise, rounds === Infinity ? "over" : "lost");
    worker.terminate();
  }
});

byEach(
  "truncatedSvd stops with the signal's reason, and when cancelled while reading",
  async ({ open }) => {
    const bands = await open(matrix(50, 50, normals(2500)));
    const reason = new DOMException("enough", "AbortError");
    const aborted = { signal: AbortSignal.abort(reason) };
    await assertRejects(() => truncatedSvd(bands, 3, aborted), DOMException, "enough");
    bands.close();
    let calls = 0;
    const cancelled = () => {
      if (++calls > 2) throw reason;
    };
    const input = matrix(4000, 1000, normals(4_000_000));
    await assertRejects(() => open(input, cancelled), DOMException, "enough");
    assert(input.elementsRead < 4_000_000);
  },
);
