import { Pool } from "../compute/pool.ts";
import type { RayImage, RayView, RayVolume } from "../compute/ray/ops.ts";
import { NotFound, Overloaded } from "../errors.ts";
import type { TruncatedSvd } from "../analysis/truncated_svd.ts";
import type { HeldMatrix, NoSingularValues } from "./gpu_algebra.ts";
import type { Adapter, GpuJob } from "./gpu_job.ts";

/** What rays march on, and large matrices are multiplied by. */
export type Backend = "wasm" | "gpu";

/** auto: a GPU where there is one that no CPU plays. */
export const backendChoices = ["auto", "wasm", "gpu"] as const;
export type BackendChoice = typeof backendChoices[number];

/** Multiplications that WASM does in the time of a few waits for a device, of which each costs 10 ms. */
const WORTH = 2 ** 30;

/** Words for what is done without the GPU, once and for good. */
const words = {
  march: ["a volume is drawn", "volumes are drawn"],
  svd: ["singular values are found", "matrices are multiplied"],
  powers: ["a power is found", "matrices are multiplied"],
} as const;

/** What the GPU did not come to: `cause` has the reason. */
export class GpuFailed extends Error {
  override readonly name = "GpuFailed";
}

/** How a `Backends` differs from what it is where nothing is said. */
export interface BackendOptions {
  readonly choice?: BackendChoice;
  /** Told once of each way in which the GPU fails. */
  readonly tell?: ((message: string) => void) | undefined;
  /** The GPU's worker. */
  readonly script?: URL | undefined;
}

/**
 * Chooses what volumes are drawn with and matrices multiplied, and does both on the GPU, in a worker of its own:
 * waiting for a device would hold up whoever waits. The worker is started when first needed.
 */
export class Backends {
  readonly #choice: BackendChoice;
  readonly #tell: (message: string) => void;
  readonly #script: URL;
  readonly #told = new Set<string>();
  #pool: Pool<GpuJob> | null = null;
  #asked: Promise<void> | undefined;
  #current: Backend = "wasm";
  #closed = false;

  constructor({ choice = "wasm", tell = () => {}, script }: BackendOptions = {}) {
    this.#choice = choice;
    this.#tell = tell;
    this.#script = script ?? new URL("./gpu_worker.ts", import.meta.url);
  }

  /** What the next picture is drawn with: WASM as long as no adapter has been asked for. */
  get current(): Backend {
    return this.#current;
  }

  /**
   * Asks for an adapter, once, where the choice is not WASM; `current` is what came of it. Throws
   * `NotFound` where a GPU was chosen and there is none.
   */
  ask(): Promise<void> {
    return this.#asked ??= this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#choice === "wasm") return;
    let adapter: Adapter | null = null, problem = "there is no WebGPU adapter";
    this.#pool = new Pool<GpuJob>(this.#script, 1);
    try {
      adapter = await this.#pool.run<Adapter | null>({ kind: "open", context: "" });
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      if (this.#choice === "auto") this.#note("open", `the GPU cannot be used: ${problem}`);
    }
    if (adapter && !this.#closed && (this.#choice === "gpu" || !adapter.software)) {
      this.#current = "gpu";
      return;
    }
    this.#end();
    if (this.#choice === "auto" || this.#closed) return;
    throw new NotFound(`volumes cannot be drawn on a GPU: ${problem}`, { backend: "gpu" });
  }

  /** Whether so many multiplications are worth a GPU, where there is one. */
  isWorth(multiplications: number): boolean {
    return this.#choice === "gpu" || multiplications >= WORTH;
  }

  /** Draws on the GPU a volume that `key` names. Throws what the others do. */
  render(
    key: string,
    volume: RayVolume,
    view: RayView,
    signal: AbortSignal,
  ): Promise<RayImage> {
    return this.#run({ kind: "march", context: "", key, volume, view }, signal);
  }

  /** Finds the largest singular values of a matrix in shared memory. Throws what the others do. */
  svd(
    matrix: HeldMatrix,
    count: number,
    signal?: AbortSignal,
  ): Promise<TruncatedSvd | NoSingularValues> {
    return this.#run({ kind: "svd", context: "", matrix, count }, signal);
  }

  /**
   * Makes an n × n matrix in shared memory its power 2^times, rows divided by their sums at each squaring. Throws
   * what `#run` throws; the matrix is then as it was.
   */
  async powers(
    matrix: Float32Array,
    n: number,
    times: number,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#run({ kind: "powers", context: "", matrix, n, times }, signal);
  }

  /**
   * The worker's answer. Throws `AbortError`, `Overloaded`, and `GpuFailed` for what another backend may do; after
   * the loss of the device that is WASM for good.
   */
  async #run<Value>(
    job: Exclude<GpuJob, { readonly kind: "open" }>,
    signal?: AbortSignal,
  ): Promise<Value> {
    const pool = this.#pool;
    if (!pool) throw new GpuFailed("the GPU was given up");
    try {
      return await pool.run<Value>(job, signal);
    } catch (error) {
      if (signal?.aborted || this.#closed || error instanceof Overloaded) throw error;
      const { name, message } = error as Error;
      // Another job may have found out before, and be why this one was not done.
      if (this.#pool === pool) {
        const [one, all] = words[job.kind], isLost = name === "GpuLost", what = isLost ? all : one;
        this.#note(`${name} ${what}`, `${what} without the GPU: ${message}`);
        if (isLost) this.#end();
      }
      throw new GpuFailed(message, { cause: error });
    }
  }

  close(): void {
    this.#closed = true;
    this.#end();
  }

  #end(): void {
    this.#current = "wasm";
    this.#pool?.close();
    this.#pool = null;
  }

  #note(kind: string, message: string): void {
    if (this.#closed || this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#tell(message);
  }
}
