import { assert, assertEquals } from "@std/assert";
import type { Summary } from "../../src/analysis/summary.ts";
import { createEngine } from "../../src/tile/engine.ts";

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
