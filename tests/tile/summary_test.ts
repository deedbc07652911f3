import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import type { Summary } from "../../src/analysis/summary.ts";
import { createEngine } from "../../src/tile/engine.ts";
import reference from "../../fixtures/reference/captures/decoder.json" with { type: "json" };
import { known } from "../analysis/matrices.ts";
import { valuesOf } from "../formats/values.ts";
import { onCapture } from "./captures.ts";

// Summaries through the whole engine against values that NumPy computed in float64.
const places = [
  ["fixtures", "../../fixtures/models/", "../../fixtures/reference/", [
    ["burn-mnist.safetensors", ["burn-mnist.safetensors.json"]],
    ["digits-mlp-f16.npz", ["digits-mlp-f16.npz.json"]],
    ["digits-mlp-l2-fortran.npy", ["digits-mlp-l2-fortran.npy.json"]],
    ["digits-mlp-l3-big-endian-f64.npy", ["digits-mlp-l3-big-endian-f64.npy.json"]],
  ]],
  ["larger models", "../../../shared/models/files/", "../../../shared/models/reference/files/", [
    ["safetensors/burn-mnist.safetensors", ["safetensors/burn-mnist.safetensors.json"]],
    ["safetensors/tiny-transformer", [
      "safetensors/tiny-transformer/model-00001-of-00002.safetensors.json",
      "safetensors/tiny-transformer/model-00002-of-00002.safetensors.json",
    ]],
    ...["l1.npy", "l2-fortran.npy", "l3-big-endian-f64.npy", "f16.npz"].map((name) =>
      numpy(`digits-mlp-${name}`)
    ),
    ...[
      "digits-mlp",
      "tie-dye-1-1",
      "tie-dye-10-5",
      "tie-dye-20-10",
      "tie-dye-20x6",
      "tie-dye-grey-20-10",
    ]
      .map((name) => numpy(`${name}.npz`)),
  ]],
] as const;

interface Expected {
  readonly shape: number[];
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly var: number;
  readonly sparsity: number;
  readonly frobenius: number;
  readonly histogram?: number[];
  readonly spectral?: number;
  readonly singular?: number[];
}

for (const [what, models, references, files] of places) {
  const folder = new URL(models, import.meta.url);
  if (!exists(folder)) {
    Deno.test.ignore(
      `summaries of ${what} equal NumPy's (${folder.pathname} is not here)`,
      () => {},
    );
    continue;
  }
  Deno.test(`summaries of ${what} equal NumPy's`, async () => {
    const engine = await createEngine(files.map(([file]) => new URL(file, folder).pathname), {
      workers: 1,
    });
    try {
      assertEquals(engine.failures(), []);
      let compared = 0;
      for (const [i, [, texts]] of files.entries()) {
        const model = engine.models()[i]!;
        for (const text of texts) {
          const json = await Deno.readTextFile(new URL(`${references}${text}`, import.meta.url));
          for (const [name, want] of Object.entries<Expected>(JSON.parse(json).tensors)) {
            const tensor = name === "" ? model.tensors[0]!.name : name;
            compare(await engine.summary(model, tensor), want, `${model.id} ${tensor}`);
            compared++;
          }
        }
      }
      assert(compared > 20, `only ${compared} tensors`);
    } finally {
      await engine.close();
    }
  });
}

Deno.test("a layer's summary has the norm and signs of its captured gradient", async () => {
  const folder = new URL("../../fixtures/captures/digits-cnn", import.meta.url).pathname;
  const engine = await createEngine([folder], { workers: 1 });
  try {
    const model = engine.models()[0]!;
    let compared = 0;
    for (const { captured, main } of model.layers) {
      const gradient = captured.find(({ kind, of }) => kind === "gradient" && of === main.name);
      const found = await engine.summary(model, main.name);
      if (!gradient) {
        assertEquals([found.gradient_norm, found.gradient_sign_ratio], [null, null]);
        continue;
      }
      const values = await valuesOf(gradient.tensor);
      const squares = values.reduce((sum, x) => sum + x * x, 0);
      const above = values.filter((x) => x > 0).length, below = values.filter((x) => x < 0).length;
      assertAlmostEquals(found.gradient_norm, Math.sqrt(squares), 1e-9 * Math.sqrt(squares));
      assertAlmostEquals(found.gradient_sign_ratio, above / (above + below), 1e-12);
      compared++;
    }
    assert(compared > 2, `${compared} gradients`);
  } finally {
    await engine.close();
  }
});

Deno.test("a captured attention's entropy and eigenvalues are NumPy's, and no weight has any", async () => {
  await onCapture("decoder", async (engine) => {
    const model = engine.models()[0]!;
    for (const [block, { heads }] of Object.entries(reference.attention)) {
      const { attention } = await engine.summary(model, `attn/${block}`);
      assertEquals(attention!.length, heads.length);
      for (const [i, want] of heads.entries()) {
        const { entropy, eigenvalues } = attention![i]!;
        assertAlmostEquals(entropy!, want.row_entropy_mean, 1e-6);
        assertEquals(eigenvalues!.length, 16);
        for (const [k, value] of want.eigenvalues_largest.entries()) {
          assertAlmostEquals(eigenvalues![k]!, value, 1e-6);
        }
      }
    }
    const weight = model.layers.find(({ tensors }) => tensors.length > 0)!;
    assertEquals((await engine.summary(model, weight.main.name)).attention, null);
  });
});

Deno.test("summaries of larger matrices have singular values, whether a worker helps or not", async () => {
  const folder = await Deno.makeTempDir();
  const [rows, columns] = [2060, 2050], sigma = (i: number) => 4 * 0.9 ** i;
  const values = Float32Array.from(known(rows, columns, sigma));
  const broken = values.slice();
  broken[1_000_000] = NaN;
  await Deno.writeFile(`${folder}/large.npy`, npy([rows, columns], values));
  await Deno.writeFile(`${folder}/broken.npy`, npy([rows, columns], broken));
  try {
    for (const workers of [1, 2]) {
      const engine = await createEngine([folder], { workers });
      try {
        const of = (id: string) => {
          const model = engine.models().find((model) => model.id.startsWith(id))!;
          return engine.summary(model, model.tensors[0]!.name);
        };
        const found = await of("large");
        assertEquals([found.singular_values!.length, found.alpha, found.spectrum], [
          16,
          null,
          null,
        ]);
        found.singular_values!.forEach((value, i) =>
          assertAlmostEquals(value, sigma(i), 1e-6 * sigma(0), `σ${i + 1}, ${workers} workers`)
        );
        assertAlmostEquals(found.log_spectral_norm, 2 * Math.log10(4), 1e-6);
        const id = engine.models().find(({ id }) => id.startsWith("large"))!.id;
        const chart = engine.view(id, "large", "spectrum", new URLSearchParams());
        const { normalization, curves } = await engine.legend(chart);
        assertMatch(normalization, /^the largest 16 singular values/);
        assertEquals(curves!.map(({ name }) => name), ["singular values"]);
        assertEquals((await engine.inspect(chart, 0, 0, 0)).reading, "σ, place 1 of 16");
        const holed = await of("broken");
        assertEquals([holed.nan, holed.spectral_norm, holed.singular_values], [1, null, null]);
      } finally {
        await engine.close();
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** NPY format 1.0 of float32 in C order. */
function npy(shape: readonly number[], values: Float32Array): Uint8Array<ArrayBuffer> {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const header = `${text.padEnd(117)}\n`;
  const bytes = new Uint8Array(128 + values.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, header.length, 0]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(new Uint8Array(values.buffer), 128);
  return bytes;
}

/** The references hold ten digits; counts are exact. */
function compare(got: Summary, want: Expected, name: string): void {
  const near = (a: number | null, b: number, relative: number, what: string) =>
    assert(
      a !== null && Math.abs(a - b) <= relative * Math.max(Math.abs(b), 1e-12),
      `${what} of ${name}: ${a}, want ${b}`,
    );
  assertEquals(got.shape, want.shape);
  near(got.min, want.min, 1e-9, "min");
  near(got.max, want.max, 1e-9, "max");
  near(got.mean, want.mean, 1e-6, "mean");
  near(got.variance, want.var, 1e-8, "variance");
  near(got.frobenius, want.frobenius, 1e-8, "Frobenius norm");
  near(got.sparsity, want.sparsity, 1e-9, "sparsity");
  if (want.histogram) assertEquals(got.histogram?.counts, want.histogram, `histogram of ${name}`);
  if (want.spectral === undefined) return;
  near(got.spectral_norm, want.spectral, 1e-6, "spectral norm");
  for (const [i, sigma] of want.singular!.entries()) {
    const tolerance = 1e-6 * want.spectral;
    assert(Math.abs(got.singular_values![i]! - sigma) <= tolerance, `σ${i + 1} of ${name}`);
  }
}

function numpy(file: string) {
  return [`numpy/${file}`, [`numpy/${file}.json`]] as const;
}

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
