import type { RemoteOptions } from "../storage/remote.ts";
import type { BackendChoice } from "./backends.ts";
import type { StoreOptions } from "./ingests.ts";
import type { RunOptions } from "./runs.ts";

/** How much an engine may use. */
export interface EngineOptions {
  /** Worker threads; as many as the machine has cores where not given. */
  readonly workers?: number;
  /** Bytes of encoded tiles kept. */
  readonly cacheBytes?: number;
  /** Bytes of statistics pyramids kept. */
  readonly pyramidBytes?: number;
  /** Bytes kept of what no file has: means of activations, powers of attention. */
  readonly madeBytes?: number;
  /** How models behind URLs are reached. */
  readonly remote?: RemoteOptions;
  /** Where what is found of models is kept; not there where memory is enough. */
  readonly store?: StoreOptions;
  /**
   * What volumes are drawn with, and large matrices multiplied: WASM unless given. "auto" asks for a GPU once
   * WASM has done that for the first time, "gpu" at the start.
   */
  readonly backend?: BackendChoice;
  /** The script of the GPU's worker, where it is not ours. */
  readonly gpuWorker?: URL;
  /** What running networks may use. */
  readonly runs?: Partial<RunOptions>;
  /** Told of what did not go well though nobody asked for it. */
  readonly tell?: (message: string) => void;
}
