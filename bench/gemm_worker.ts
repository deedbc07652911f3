/// <reference lib="webworker" />
import { serveJobs } from "../src/compute/jobs.ts";
import type { RowBand } from "../src/compute/matrices.ts";
import type { Target } from "../src/compute/ops.ts";
import { plainWasm, wasm } from "../src/compute/wasm.ts";

/** A band of a product of matrices in shared memory. */
export interface Share {
  readonly context: string;
  readonly relaxed: boolean;
  readonly band: RowBand;
  readonly b: Target;
}

serveJobs<Share>({
  share() {},
  forget() {},
  work({ relaxed, band, b }) {
    const ops = relaxed ? wasm : plainWasm;
    ops.frame(() => ops.gemm(band.a, b, band.product, band.c));
    return { value: null };
  },
});
