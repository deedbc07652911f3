import { openOnGpu } from "../analysis/on_gpu.ts";
import { NotFinite } from "../analysis/row_bands.ts";
import { type TruncatedSvd, truncatedSvd } from "../analysis/truncated_svd.ts";
import type { Gpu } from "../compute/gpu/device.ts";
import { type GpuMatrices, gpuMatrices } from "../compute/gpu/normal.ts";
import { type GpuPowers, gpuPowers } from "../compute/gpu/powers.ts";
import { wasm } from "../compute/wasm.ts";
import type { GpuTurns } from "./gpu_turns.ts";

/** A matrix in memory, row-major. */
export interface HeldMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** What a matrix without singular values is answered with. */
export interface NoSingularValues {
  readonly notFinite: string;
}

/** Pipelines on a device. */
interface Pipelines {
  readonly gpu: Gpu;
  readonly matrices: GpuMatrices;
  readonly powers: GpuPowers;
}

/** Linear algebra on a device, on which nothing stays. */
export class GpuAlgebra {
  #pipelines: Pipelines | null = null;

  constructor(private readonly turns: GpuTurns) {}

  /** The `count` largest singular values. Throws what `GpuTurns.take` and `openOnGpu` throw, but `NotFinite`. */
  svd(
    { rows, columns, values }: HeldMatrix,
    count: number,
    cancelled: () => void = () => {},
  ): Promise<TruncatedSvd | NoSingularValues> {
    const read = (from: number, length: number) => values.subarray(from, from + length);
    return this.turns.take(async (gpu) => {
      const { matrices } = await this.#pipelinesOn(gpu);
      try {
        const opened = await openOnGpu({ rows, columns, read }, matrices, wasm, cancelled);
        try {
          return await truncatedSvd(opened, count);
        } finally {
          opened.close();
        }
      } catch (error) {
        if (error instanceof NotFinite) return { notFinite: error.message };
        throw error;
      }
    }, cancelled);
  }

  /** The power 2^times of an n × n matrix, as `GpuPowers` has it. Throws what that and `GpuTurns.take` throw. */
  powers(
    matrix: Float32Array,
    n: number,
    times: number,
    cancelled?: () => void,
  ): Promise<Float32Array> {
    return this.turns.take(async (gpu) => {
      const { powers } = await this.#pipelinesOn(gpu);
      return await powers(matrix, n, times);
    }, cancelled);
  }

  async #pipelinesOn(gpu: Gpu): Promise<Pipelines> {
    if (this.#pipelines?.gpu === gpu) return this.#pipelines;
    const [matrices, powers] = [await gpuMatrices(gpu), await gpuPowers(gpu)];
    return this.#pipelines = { gpu, matrices, powers };
  }
}
