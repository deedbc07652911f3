import { Pool } from "../compute/pool.ts";
import type { RayImage, RayView, RayVolume } from "../compute/ray/ops.ts";
import { NotFound, Overloaded } from "../errors.ts";
import type { Adapter, GpuJob } from "./gpu_job.ts";

/** What rays march on. */
export type Backend = "wasm" | "gpu";

/** auto: a GPU where there is one that no CPU plays. */
export const backendChoices = ["auto", "wasm", "gpu"] as const;
export type BackendChoice = typeof backendChoices[number];

/** A picture that the GPU did not come to: `cause` has the reason. */
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
 * Chooses what volumes are drawn with, and draws on the GPU, in a worker of its own: waiting for a
 * device would hold up whoever waits. The worker is started when first needed.
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

  /**
   * Draws on the GPU a volume that `key` names. Throws `AbortError`, `Overloaded`, and `GpuFailed`
   * for what another backend may do; after the loss of the device that is WASM for good.
   */
  async render(
    key: string,
    volume: RayVolume,
    view: RayView,
    signal: AbortSignal,
  ): Promise<RayImage> {
    const pool = this.#pool;
    if (!pool) throw new GpuFailed("the GPU was given up");
    try {
      return await pool.run<RayImage>({ kind: "march", context: "", key, volume, view }, signal);
    } catch (error) {
      if (signal.aborted || this.#closed || error instanceof Overloaded) throw error;
      const { name, message } = error as Error;
      // Another picture may have found out before, and be why this one was not drawn.
      if (this.#pool === pool) {
        const scope = name === "GpuLost" ? "volumes are" : "a volume is";
        this.#note(name, `${scope} drawn without the GPU: ${message}`);
        if (name === "GpuLost") this.#end();
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
