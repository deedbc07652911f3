import { assertAlmostEquals, assertEquals } from "@std/assert";
import { bytesOf, type Metadata, type TensorInfo } from "../../src/formats/format.ts";
import { openModel } from "../../src/model/open.ts";
import { valuesOf } from "./values.ts";

// Every tensor against numbers computed by NumPy in float64, with readers of its own.

interface Expected {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** ggml's type, of a GGUF file. */
  readonly type?: string;
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly var: number;
  readonly sparsity: number;
  readonly frobenius: number;
  readonly first: readonly number[];
  readonly histogram?: readonly number[];
}

const numpyNames: Readonly<Record<string, string>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "float32", // as decoded
  I32: "int32",
  I64: "int64",
};

const root = new URL("../../", import.meta.url);

compare("fixtures/models/", "fixtures/reference/", [
  "burn-mnist.safetensors",
  "digits-mlp-f16.npz",
  "digits-mlp-l2-fortran.npy",
  "digits-mlp-l3-big-endian-f64.npy",
  "tiny-transformer/model-00001-of-00002.safetensors",
  "tiny-transformer/model-00002-of-00002.safetensors",
]);

const shared = "../shared/models/reference/files/";
if (exists(shared)) {
  for (
    const folder of [
      "safetensors/",
      "safetensors/tiny-transformer/",
      "numpy/",
      "gguf/",
      "onnx/",
      "pytorch/",
      "keras/",
      "keras/lenet-separated/",
      "tensorflow/lenet/",
      "tfjs/lenet/",
      "tfjs/tiny-vgg/",
    ]
  ) {
    const names = Array.from(Deno.readDirSync(new URL(shared + folder, root)))
      .filter(({ isFile }) => isFile).map(({ name }) => folder + name.replace(/\.json$/, ""));
    compare("../shared/models/files/", shared, names.toSorted());
  }
} else {
  Deno.test.ignore("larger reference files (../shared/models is not here)", () => {});
}

Deno.test("an index opens as the tensors of its shards", async () => {
  const folder = new URL("fixtures/models/tiny-transformer/", root).pathname;
  const model = await openModel(folder);
  const shards = ["00001", "00002"].map((n) => `tiny-transformer/model-${n}-of-00002.safetensors`);
  const expected = Object.assign(
    {},
    ...shards.map((name) => reference("fixtures/reference/" + name)),
  );
  assertEquals(model.tensors.map(({ name }) => name).sort(), Object.keys(expected).sort());
  assertEquals(model.id, "tiny-transformer");
  for (const tensor of model.tensors) await compareTensor(tensor, expected[tensor.name]);
  model.close();
});

function compare(files: string, references: string, names: readonly string[]): void {
  for (const name of names) {
    Deno.test(`${name} reads as NumPy reads it (${files})`, async () => {
      const model = await openModel(new URL(files + name, root).pathname);
      const expected = reference(references + name);
      // A bare .npy has no name there, and its file's here.
      const only = model.format === "npy" ? { [model.tensors[0]!.name]: expected[""]! } : expected;
      assertEquals(model.tensors.map((tensor) => tensor.name).sort(), Object.keys(only).sort());
      for (const tensor of model.tensors) await compareTensor(tensor, only[tensor.name]!);
      const { metadata } = parsed(references + name);
      if (metadata) assertEquals(model.metadata, metadata);
      model.close();
    });
  }
}

async function compareTensor(tensor: TensorInfo, expected: Expected): Promise<void> {
  const { name } = tensor;
  assertEquals(tensor.shape, expected.shape, name);
  if (expected.type) assertEquals(tensor.dtype, expected.type, name);
  else assertEquals(numpyNames[tensor.dtype], expected.dtype, name);
  assertEquals(tensor.bytes, bytesOf(tensor.dtype, expected.count && span(tensor)), name);
  const values = await valuesOf(tensor);
  assertEquals(values.length, expected.count, name);
  if (expected.count === 0) return;
  expected.first.forEach((value, i) => near(values[i]!, value, `${name}, value ${i}`));
  const mean = sum(values) / values.length;
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  near(low, expected.min, `${name} min`);
  near(high, expected.max, `${name} max`);
  const size = Math.max(Math.abs(low), Math.abs(high));
  assertAlmostEquals(mean, expected.mean, 1e-9 * size, `${name} mean`);
  near(sum(values.map((x) => (x - mean) ** 2)) / values.length, expected.var, `${name} variance`);
  near(Math.sqrt(sum(values.map((x) => x * x))), expected.frobenius, `${name} norm`);
  near(values.filter((x) => x === 0).length / values.length, expected.sparsity, `${name} zeros`);
  if (expected.histogram) {
    assertEquals(histogram(values, low, high), expected.histogram, `${name} histogram`);
  }
}

/** Elements from the first to the last, of a view its gaps too. */
const span = ({ shape, strides, composed }: TensorInfo) =>
  shape.reduce(
    (span, side, axis) => composed?.[axis] ? span * side : span + (side - 1) * strides[axis]!,
    1,
  );

/** NumPy's rule: equal bins, a value on an edge belongs to the right one, the last one closed. */
function histogram(values: Float64Array, low: number, high: number): number[] {
  const counts = new Array<number>(256).fill(0);
  const edge = (i: number) => i === 256 ? high : low + i * ((high - low) / 256);
  for (const value of values) {
    let bin = Math.min(255, Math.floor((value - low) / (high - low) * 256));
    if (value < edge(bin)) bin--;
    else if (bin < 255 && value >= edge(bin + 1)) bin++;
    counts[bin]!++;
  }
  return counts;
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

/** The references carry ten digits. */
function near(found: number, expected: number, what: string): void {
  assertAlmostEquals(found, expected, 1e-9 * Math.max(1e-12, Math.abs(expected)), what);
}

const reference = (path: string) => parsed(path).tensors;

function parsed(path: string): { tensors: Record<string, Expected>; metadata?: Metadata } {
  return JSON.parse(Deno.readTextFileSync(new URL(path + ".json", root)));
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, root)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
