import type { Matrix, Opened } from "../../src/analysis/matrix.ts";
import { openOnGpu } from "../../src/analysis/on_gpu.ts";
import { openBands } from "../../src/analysis/row_bands.ts";
import { type Gpu, openGpu } from "../../src/compute/gpu/device.ts";
import { gpuMatrices } from "../../src/compute/gpu/normal.ts";
import { wasm } from "../../src/compute/wasm.ts";

/** What multiplies with matrices. */
export interface Opener {
  readonly name: "wasm" | "gpu";
  open(matrix: Matrix, cancelled?: () => void): Promise<Opened>;
}

/** Of the tests' device; null where there is no adapter. */
export const gpu: Gpu | null = await openGpu();

/** Both backends, of which the GPU's is null where there is none. */
export const openers = await Promise.all([wasmOpener(), gpuOpener()]);

function wasmOpener(): Opener {
  return { name: "wasm", open: (matrix, cancelled) => openBands(matrix, wasm, cancelled) };
}

async function gpuOpener(): Promise<Opener | null> {
  if (!gpu) return null;
  const make = await gpuMatrices(gpu);
  return { name: "gpu", open: (matrix, cancelled) => openOnGpu(matrix, make, wasm, cancelled) };
}

/** Declares a test by each backend; one that cannot run says why. */
export function byEach(what: string, test: (opener: Opener) => Promise<void>): void {
  for (const opener of openers) {
    if (opener) Deno.test(`${what}, by ${opener.name}`, () => test(opener));
    else Deno.test.ignore(`${what}, by gpu (no adapter here)`, () => {});
  }
}
