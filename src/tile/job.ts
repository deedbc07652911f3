import type { Place } from "../field/canvas.ts";
import type { Plane } from "../field/plane.ts";
import type { Pyramid } from "../field/pyramid.ts";
import type { Facts } from "../modes/mode.ts";
import type { Supply } from "../storage/prefetched.ts";
import type { Run } from "./sample.ts";
import type { TileFormat } from "./tile.ts";

/** What a worker needs to know of a layer before it can work on it; plain data. */
export interface LayerContext {
  readonly plane: Plane;
  readonly facts: Facts | null;
}

/**
 * What workers do. `context` names the layer. A pyramid, in shared memory, travels with each job that
 * reads or fills it, so that letting go of one never takes it from a job under way.
 */
export type Job = Work & {
  /** Bytes of remote files, fetched for it. */
  readonly supplies?: readonly Supply[];
};

export type Work =
  | {
    readonly kind: "tile";
    readonly context: string;
    readonly mode: string;
    /** Canonical query of the options. */
    readonly query: string;
    readonly place: Place;
    readonly format: TileFormat;
    readonly pyramid: Pyramid | null;
  }
  | {
    /** Fills rows, or columns, of blocks of the pyramid's base; answers the counts of order keys. */
    readonly kind: "sweep";
    readonly context: string;
    readonly from: number;
    readonly to: number;
    readonly pyramid: Pyramid;
  }
  | {
    /** Merges the levels above the base; answers the layer's scale. */
    readonly kind: "settle";
    readonly context: string;
    readonly bins: Uint32Array;
    readonly pyramid: Pyramid;
  }
  | { readonly kind: "channels"; readonly context: string }
  | {
    /** Answers a scale estimated from runs of the file. */
    readonly kind: "sample";
    readonly context: string;
    readonly runs: readonly Run[];
  }
  | {
    readonly kind: "inspect";
    readonly context: string;
    readonly log2: number;
    readonly x: number;
    readonly y: number;
    readonly pyramid: Pyramid | null;
  }
  | { readonly kind: "summary"; readonly context: string };
