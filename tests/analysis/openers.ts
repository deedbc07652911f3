import { repeat } from "../../src/analysis/derive/table.ts";
import type { Recipe } from "../../src/analysis/derive/recipe.ts";
import type { Matrix, Opened } from "../../src/analysis/matrix.ts";
import { openOnGpu } from "../../src/analysis/on_gpu.ts";
import { openBands } from "../../src/analysis/row_bands.ts";
import { type Gpu, openGpu } from "../../src/compute/gpu/device.ts";
import { gpuMatrices } from "../../src/compute/gpu/normal.ts";
import { gpuPowers } from "../../src/compute/gpu/powers.ts";
import { plainWasm, wasm } from "../../src/compute/wasm.ts";

/** What multiplies with matrices. */
export interface Opener {
  readonly name: "wasm" | "gpu";
  open(matrix: Matrix, cancelled?: () => void): Promise<Opened>;
  /** The power 2^times of an n × n attention. */
  powers(matrix: Float32Array, n: number, times: number): Promise<Float32Array>;
}

/** The tests' device; null where there is no adapter. */
const gpu: Gpu | null = await openGpu();

/** Both backends, of which the GPU's is null where there is none. */
export const openers = await Promise.all([wasmOpener(), gpuOpener()]);

function wasmOpener(): Opener {
  return {
    name: "wasm",
    open: (matrix, cancelled) => openBands(matrix, wasm, cancelled),
    powers(matrix, n, times) {
      const kind = "attention", squarings = times;
      const recipe: Recipe = { kind, symmetric: false, squarings, reordered: false };
      let [before, into] = [matrix.slice(), new Float32Array(n * n)];
      for (let time = 0; time < times; time++) {
        repeat(recipe, [n, n], before, into, { from: 0, to: n }, {
          ops: plainWasm,
          cancelled: () => {},
        });
        [before, into] = [into, before];
      }
      return Promise.resolve(before);
    },
  };
}

async function gpuOpener(): Promise<Opener | null> {
  if (!gpu) return null;
  const make = await gpuMatrices(gpu), powers = await gpuPowers(gpu);
  return {
    name: "gpu",
    open: (matrix, cancelled) => openOnGpu(matrix, make, wasm, cancelled),
    powers,
  };
}

/** Declares a test by each backend; one that cannot run says why. */
export function byEach(what: string, test: (opener: Opener) => Promise<void>): void {
  for (const opener of openers) {
    if (opener) Deno.test(`${what}, by ${opener.name}`, () => test(opener));
    else Deno.test.ignore(`${what}, by gpu (no adapter here)`, () => {});
  }
}
