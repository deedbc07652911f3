import { assert, assertAlmostEquals } from "@std/assert";
import decoder from "../../fixtures/reference/captures/decoder.json" with { type: "json" };
import { truncatedSvd } from "../../src/analysis/truncated_svd.ts";
import { openModel } from "../../src/model/open.ts";
import { valuesOf } from "../formats/values.ts";
import { attentions } from "./attentions.ts";
import { checksums } from "./checksums.ts";
import { byEach, type Opener } from "./openers.ts";

// What numpy computed in float64 of the bundled models and captures, by either backend.

const fixtures = new URL("../../fixtures/", import.meta.url);

async function largest(
  { open }: Opener,
  values: Float32Array,
  rows: number,
  columns: number,
  count: number,
) {
  const read = (from: number, count: number) => values.subarray(from, from + count);
  const opened = await open({ rows, columns, read });
  try {
    return (await truncatedSvd(opened, count)).values;
  } finally {
    opened.close();
  }
}

interface Expected {
  readonly spectral?: number;
  readonly singular?: readonly number[];
}

byEach("singular values and spectral norms of the bundled models are numpy's", async (opener) => {
  let compared = 0;
  for (
    const [file, reference] of [
      ["burn-mnist.safetensors", "burn-mnist.safetensors"],
      ["digits-mlp-f16.npz", "digits-mlp-f16.npz"],
      ["tiny-transformer", "tiny-transformer/model-00001-of-00002.safetensors"],
      ["tiny-transformer", "tiny-transformer/model-00002-of-00002.safetensors"],
    ]
  ) {
    const json = await Deno.readTextFile(new URL(`reference/${reference}.json`, fixtures));
    const tensors: Record<string, Expected> = JSON.parse(json).tensors;
    const model = await openModel(new URL(`models/${file}`, fixtures).pathname);
    for (const tensor of model.tensors) {
      const { spectral, singular = [] } = tensors[tensor.name] ?? {};
      if (spectral === undefined || tensor.shape.length < 2) continue;
      const values = Float32Array.from(await valuesOf(tensor)), rows = tensor.shape[0]!;
      const expected = [...singular.length > 0 ? singular : [spectral]].slice(0, 16);
      const found = await largest(opener, values, rows, values.length / rows, expected.length);
      for (const [i, value] of expected.entries()) {
        // As the issue has it, but for those that are float32's noise to the first.
        const bound = Math.max(1e-5 * value, 1e-6 * spectral);
        assertAlmostEquals(found[i]!, value, bound, `${tensor.name}: ${i}`);
        compared++;
      }
    }
    model.close();
  }
  assert(compared > 60, `${compared} values`);
});

byEach(
  "smallest eigenvalues of captured Laplacians are numpy's, as singular values of bound·I − L",
  async (opener) => {
    for (const { name, matrix, n, expected } of await attentions()) {
      const weight = (i: number, j: number) => (matrix[i * n + j]! + matrix[j * n + i]!) / 2;
      const degrees = Float64Array.from({ length: n }, (_, i) => {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += weight(i, j);
        return sum;
      });
      const bound = 2 * Math.max(...degrees);
      const values = Float32Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        return (i === j ? bound - degrees[i]! : 0) + weight(i, j);
      });
      const found = await largest(opener, values, n, n, 8);
      for (const [i, value] of expected.laplacian_smallest.entries()) {
        assertAlmostEquals(bound - found[i]!, value, 2e-6 * bound, `${i} of ${name}`);
      }
    }
  },
);

byEach("powers of captured attention are numpy's", async ({ powers }) => {
  const model = await openModel(new URL("captures/decoder", fixtures).pathname);
  for (const [layer, { heads }] of Object.entries(decoder.attention)) {
    const tensor = model.tensors.find(({ name }) => name === `attn/${layer}`)!;
    const all = Float32Array.from(await valuesOf(tensor)), n = tensor.shape.at(-1)!;
    for (const [head, { powers: expected }] of heads.entries()) {
      const matrix = all.slice(head * n * n, (head + 1) * n * n);
      for (const [power, sums] of Object.entries(expected)) {
        const found = checksums(await powers(matrix, n, Math.log2(Number(power))), n);
        for (const name of ["sum", "squares", "weighted", "max"] as const) {
          const what = `${layer}, head ${head}, A^${power}: ${name}`;
          assertAlmostEquals(found[name], sums[name], 2e-6 * sums[name], what);
        }
        for (const [i, value] of sums.last_row.entries()) {
          assertAlmostEquals(found.last_row[i]!, value, 1e-6);
        }
      }
    }
  }
  model.close();
});
