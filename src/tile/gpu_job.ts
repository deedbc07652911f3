import type { RayView, RayVolume } from "../compute/ray/ops.ts";
import type { HeldMatrix } from "./gpu_algebra.ts";

/** What is said of a device to whoever chooses what to draw with. */
export interface Adapter {
  readonly name: string;
  /** Whether it is a CPU that plays a GPU. */
  readonly software: boolean;
}

/** What the GPU's worker does. `context` names nothing here. */
export type GpuJob =
  /** Opens the device; answers the `Adapter` that there is, or null. */
  | { readonly kind: "open"; readonly context: string }
  | {
    /** Answers a `RayImage` of a volume, which `key` names. */
    readonly kind: "march";
    readonly context: string;
    readonly key: string;
    readonly volume: RayVolume;
    readonly view: RayView;
  }
  | {
    /** Answers a `TruncatedSvd`, or `NoSingularValues`. */
    readonly kind: "svd";
    readonly context: string;
    readonly matrix: HeldMatrix;
    readonly count: number;
  }
  | {
    /** Makes an n × n matrix in shared memory its power 2^times, as `GpuPowers` has it. */
    readonly kind: "powers";
    readonly context: string;
    readonly matrix: Float32Array;
    readonly n: number;
    readonly times: number;
  };
