import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { wasm } from "../../src/compute/wasm.ts";
import { summarise, type Summary } from "../../src/analysis/summary.ts";
import { dtypes, type Scalar } from "../../src/formats/format.ts";
import { openModel } from "../../src/model/open.ts";
import { valuesOf } from "../formats/values.ts";
import { brute, normals } from "./oracle.ts";

const root = new URL("../../", import.meta.url);

/** What NumPy computed in float64, to ten digits. */
interface Reference {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly var: number;
  readonly sparsity: number;
  readonly frobenius: number;
  readonly histogram?: readonly number[];
  readonly singular?: readonly number[];
}

/** Summarises an array, narrow dtypes handed over as float32. */
async function summary(shape: number[], values: Float64Array, dtype: Scalar = "F32") {
  const wide = dtypes[dtype] > 4 || dtype === "I32" || dtype === "U32";
  const held = wide ? values : Float32Array.from(values);
  const read = (from: number, count: number) => {
    assert(from + count <= held.length, `read ${from} + ${count} of ${held.length}`);
    return held.slice(from, from + count);
  };
  return (await summarise({ shape, dtype }, read, { ops: wasm, singular: null })).summary;
}

function assertReference(name: string, found: Summary, expected: Reference): void {
  const near = (a: number | null, b: number, what: string, size = Math.abs(b)) => {
    assertAlmostEquals(a, b, 1e-9 * size + 1e-300, `${name}: ${what}`);
  };
  near(found.min, expected.min, "min");
  near(found.max, expected.max, "max");
  near(found.mean, expected.mean, "mean", Math.abs(expected.mean) + Math.sqrt(expected.var));
  near(found.variance, expected.var, "variance");
  near(found.sparsity, expected.sparsity, "sparsity");
  near(found.frobenius, expected.frobenius, "frobenius");
  if (expected.histogram) assertEquals(found.histogram?.counts, expected.histogram, name);
  if (!expected.singular) {
    assertEquals(found.singular_values, null);
    return;
  }
  const largest = expected.singular[0]!;
  near(found.spectral_norm, largest, "spectral norm");
  assertEquals(found.singular_values!.length, expected.singular.length, name);
  // Squares were computed: what is far below the largest is lost in rounding.
  expected.singular.forEach((sigma, i) => {
    assertAlmostEquals(found.singular_values![i], sigma, 1e-7 * largest, `${name}: σ${i + 1}`);
  });
  const rank = (expected.frobenius / largest) ** 2;
  // Ten digits of either leave nine of the square of their quotient.
  if (largest > 0) assertAlmostEquals(found.stable_rank, rank, 1e-8 * rank, `${name}: stable rank`);
}

function compare(files: string, references: string, apart: readonly string[] = []): void {
  for (const file of jsonFiles(new URL(references, root))) {
    if (apart.some((folder) => file.startsWith(folder))) continue;
    const path = file.replace(/\.json$/, "");
    Deno.test(`summary of ${files}${path} equals NumPy's`, async () => {
      const { tensors } = JSON.parse(Deno.readTextFileSync(new URL(references + file, root)));
      const model = await openModel(new URL(files + path, root).pathname);
      for (const tensor of model.tensors) {
        const { name, shape, dtype } = tensor;
        const expected = tensors[name] ?? tensors[""];
        const found = await summary([...shape], await valuesOf(tensor), dtype as Scalar);
        assertEquals([found.shape, found.dtype, found.nan, found.inf], [shape, dtype, 0, 0]);
        if (found.count > 0) assertReference(name, found, expected);
        else assertEquals([found.min, found.variance, expected.min], [null, null, undefined]);
      }
      model.close();
    });
  }
}

function jsonFiles(folder: URL, below = ""): string[] {
  return [...Deno.readDirSync(new URL(below, folder))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return jsonFiles(folder, `${below}${name}/`);
    return name.endsWith(".json") ? [below + name] : [];
  }).sort();
}

compare("fixtures/models/", "fixtures/reference/", ["formats/", "captures/", "norms/"]);
compare("fixtures/formats/", "fixtures/reference/formats/");
const shared = "../shared/models/";
for (const format of ["safetensors/", "numpy/"]) {
  const references = `${shared}reference/files/${format}`;
  try {
    Deno.statSync(new URL(references, root));
    compare(`${shared}files/${format}`, references);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.test.ignore(`summaries of ${format} (../shared/models is not here)`, () => {});
  }
}

Deno.test("summary: channel norms, l1 and counts, across chunk borders", async () => {
  const [channels, size] = [7, 50_000];
  const values = Float64Array.from(normals(channels * size, 2));
  const found = await summary([channels, size / 10, 10], values, "F32");
  const expected = brute(values);
  assertAlmostEquals(found.l1, expected.l1, 1e-6);
  assertEquals(found.channel_norms?.length, channels);
  found.channel_norms?.forEach((norm, i) => {
    const { squares } = brute(values.subarray(i * size, (i + 1) * size));
    assertAlmostEquals(norm, Math.sqrt(squares), 1e-9, `channel ${i}`);
  });
  assertAlmostEquals(found.log_norm, Math.log10(expected.squares), 1e-12);
});

Deno.test("summary: the first 4096 channel norms of more", async () => {
  const found = await summary([5000, 2], new Float64Array(10_000).fill(3));
  assertEquals(found.channel_norms, new Array(4096).fill(Math.sqrt(18)));
});

Deno.test("summary: channels lie along the axis that is said to be the output's", async () => {
  const values = Float32Array.from(normals(30 * 700 * 20, 4));
  const read = (from: number, count: number) => values.slice(from, from + count);
  for (const [outputAxis, inner] of [[0, 14_000], [1, 20], [2, 1]] as const) {
    const shape = [30, 700, 20];
    const { summary: found } = await summarise({ shape, dtype: "F32", outputAxis }, read, {
      ops: wasm,
      singular: null,
    });
    const channels = shape[outputAxis]!;
    const squares = new Float64Array(channels);
    for (const [i, value] of values.entries()) {
      squares[Math.floor(i / inner) % channels]! += value ** 2;
    }
    assertEquals(found.channel_norms?.length, channels);
    found.channel_norms!.forEach((norm, c) =>
      assertAlmostEquals(norm, Math.sqrt(squares[c]!), 1e-9)
    );
  }
});

Deno.test("summary: effective rank counts equal singular values", async () => {
  const identity = new Float64Array(25).map((_, i) => i % 6 === 0 ? 4 : 0);
  const { effective_rank, stable_rank, singular_values } = await summary([5, 5], identity);
  assertAlmostEquals(effective_rank, 5, 1e-12);
  assertAlmostEquals(stable_rank, 5, 1e-12);
  assertEquals(singular_values, [4, 4, 4, 4, 4]);
  const ones = await summary([6, 8], new Float64Array(48).fill(1));
  assertAlmostEquals(ones.effective_rank, 1, 1e-6);
});

Deno.test("summary: NaN and ±∞ are counted and touch nothing else", async () => {
  const values = Float64Array.of(NaN, 1, -3, Infinity, 0, -Infinity);
  const found = await summary([2, 3], values);
  assertEquals([found.count, found.nan, found.inf], [6, 1, 2]);
  assertEquals([found.min, found.max, found.l1], [-3, 1, 4]);
  assertAlmostEquals(found.mean, -2 / 3, 1e-15);
  assertEquals(found.sparsity, 1 / 6);
  assertEquals(found.histogram!.counts.reduce((a, b) => a + b), 3);
  assertEquals([found.spectral_norm, found.singular_values], [null, null]);
  assertEquals([found.stable_rank, found.effective_rank], [null, null]);
  assertEquals(found.channel_norms, [Math.sqrt(10), 0]);
});

Deno.test("summary of nothing, of a scalar, of only NaN: JSON without surprises", async () => {
  const empty = await summary([0, 4], new Float64Array());
  assertEquals([empty.count, empty.min, empty.sparsity, empty.histogram], [0, null, null, null]);
  assertEquals([empty.spectral_norm, empty.channel_norms, empty.variance], [null, null, null]);
  const scalar = await summary([], Float64Array.of(2.5));
  assertEquals([scalar.count, scalar.mean, scalar.variance, scalar.frobenius], [1, 2.5, 0, 2.5]);
  assertEquals([scalar.spectral_norm, scalar.channel_norms], [null, null]);
  const nothing = await summary([2, 2], new Float64Array(4).fill(NaN));
  assertEquals([nothing.nan, nothing.min, nothing.l1, nothing.histogram], [4, null, null, null]);
  for (const each of [empty, scalar, nothing]) {
    assertEquals(JSON.parse(JSON.stringify(each)), each);
  }
});

Deno.test("summary of float64 beyond float32 keeps its digits", async () => {
  const values = Float64Array.of(1 + 2 ** -40, 1, 2 ** 200, -(2 ** 200));
  const found = await summary([4], values, "F64");
  assertEquals([found.min, found.max], [-(2 ** 200), 2 ** 200]);
  const near = await summary([2], Float64Array.of(1, 1 + 2 ** -40), "F64");
  assertEquals(near.max, 1 + 2 ** -40);
  assertEquals(near.histogram!.counts.filter((n) => n > 0), [1, 1]);
});

Deno.test("summary of float64 whose squares leave its range: singular values, and no density", async () => {
  const near = await summary([3, 4], Float64Array.from(normals(12)), "F64");
  for (const scale of [2 ** -1000, 2 ** -540, 2 ** 520, 2 ** 1000]) {
    const found = await summary([3, 4], Float64Array.from(normals(12), (x) => x * scale), "F64");
    for (const [i, value] of near.singular_values!.entries()) {
      assertAlmostEquals(found.singular_values![i]! / scale, value, 1e-14, `${i} of ${scale}`);
    }
    assertAlmostEquals(found.effective_rank!, near.effective_rank!, 1e-12);
    assertEquals([found.alpha, found.sigma_mp, found.rand_distance], [null, null, null]);
    assertEquals(JSON.parse(JSON.stringify(found)), found);
  }
});

Deno.test("summary stops when cancelled", async () => {
  const cancelled = () => {
    throw new DOMException("enough", "AbortError");
  };
  const read = (_: number, count: number) => new Float32Array(count);
  const started = () =>
    summarise({ shape: [8], dtype: "F32" }, read, { ops: wasm, singular: null, cancelled });
  await assertRejects(started, DOMException, "enough");
});
