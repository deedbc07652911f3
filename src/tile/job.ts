import type { Place, Window } from "../field/canvas.ts";
import type { LevelsRef } from "../field/levels.ts";
import type { Plane } from "../field/plane.ts";
import type { Rect } from "../field/cells.ts";
import type { Level } from "../field/pyramid.ts";
import type { Slab } from "../field/slab.ts";
import type { StoredPyramid } from "../field/store.ts";
import type { PairMemory } from "../analysis/pair.ts";
import type { Recipe, Rows, Sides } from "../analysis/derive/recipe.ts";
import type { Scale } from "../analysis/scale.ts";
import type { Sketch } from "../analysis/sketch.ts";
import type { Summarised } from "../analysis/summary.ts";
import type { TruncatedSvd } from "../analysis/truncated_svd.ts";
import type { BlockStats } from "../compute/ops.ts";
import type { NetworkPlan } from "../field/automaton/rules/network.ts";
import type { Sight } from "../modes/chart/paper.ts";
import type { Facts, Guest } from "../modes/mode.ts";
import type { Supply } from "../storage/prefetched.ts";
import type { Places } from "./layer_entry.ts";
import type { Overview, Tints } from "./overview.ts";
import type { Run } from "./sample.ts";
import type { TileFormat } from "./tile.ts";
import type { VolumeWork } from "./volume_job.ts";

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
  /** Further layers that it works on. */
  readonly contexts?: readonly string[];
};

/** What a layer that was read to its end is answered with. */
export interface Finished {
  readonly scale: Scale;
  readonly slots: BlockStats;
  readonly sketch: Sketch;
}

/** A layer's part of a tile. */
export interface PieceOfTile {
  readonly context: string;
  readonly levels: LevelsRef | null;
  readonly window: Window;
  /** Its place on the tile, in pixels. */
  readonly x: number;
  readonly y: number;
}

export type Work =
  | VolumeWork
  | {
    readonly kind: "tile";
    readonly context: string;
    readonly mode: string;
    /** Canonical query of the options. */
    readonly query: string;
    readonly place: Place;
    readonly format: TileFormat;
    readonly levels: LevelsRef | null;
    /** The network that the mode draws with. */
    readonly guest?: Guest;
  }
  | {
    /** Draws PNG tiles that show neighbouring cells; answers their files. */
    readonly kind: "tiles";
    readonly context: string;
    readonly mode: string;
    readonly query: string;
    readonly tiles: readonly { readonly place: Place; readonly levels: LevelsRef | null }[];
    readonly guest?: Guest;
  }
  | {
    /** Answers a neural automaton's numbers. */
    readonly kind: "network";
    readonly context: string;
    readonly plan: NetworkPlan;
  }
  | {
    /** Measures steps of a slab from the file, and counts order keys. */
    readonly kind: "sweep";
    readonly context: string;
    readonly from: number;
    readonly to: number;
    readonly slab: Slab;
    /** Filled with the counts, in shared memory. */
    readonly bins: Uint32Array;
  }
  | {
    /** Measures all steps of a slab, and settles its levels. */
    readonly kind: "measure";
    readonly context: string;
    readonly slab: Slab;
    readonly levels: readonly Level[];
  }
  | {
    /** Merges levels further out from the first of them; answers the layer's scale. */
    readonly kind: "settle";
    readonly context: string;
    readonly bins: Uint32Array;
    readonly levels: readonly Level[];
  }
  | {
    /** The same, and writes them; answers figures of the blocks of 2^log2 cells too. */
    readonly kind: "finish";
    readonly context: string;
    readonly bins: Uint32Array;
    readonly levels: readonly Level[];
    readonly stored: StoredPyramid;
    readonly log2: number;
  }
  | {
    /** Writes a measured slab to disk and merges it into the levels further out. */
    readonly kind: "keep";
    readonly context: string;
    readonly slab: Slab;
    readonly stored: StoredPyramid;
    readonly outer: readonly Level[];
  }
  | {
    /** Merges a slab that lies on disk already into the levels further out. */
    readonly kind: "recall";
    readonly context: string;
    readonly slab: Rect;
    readonly stored: StoredPyramid;
    readonly outer: readonly Level[];
  }
  | {
    /** Answers figures of all blocks of 2^log2 cells a side. */
    readonly kind: "figures";
    readonly context: string;
    readonly log2: number;
    readonly levels: LevelsRef | null;
  }
  | {
    /** Draws a tile of parts of many layers. */
    readonly kind: "composite";
    readonly context: string;
    /** The layers' mode, and its options. */
    readonly mode: string;
    readonly query: string;
    readonly pieces: readonly PieceOfTile[];
    /** Pixels of the tile. */
    readonly columns: number;
    readonly rows: number;
    readonly format: TileFormat;
    /** What all are drawn by; null where each is by its own facts. */
    readonly facts: Facts | null;
  }
  | {
    /** Draws a tile of blocks that several layers may share. */
    readonly kind: "overview";
    readonly context: string;
    readonly overview: Overview;
    readonly window: Window;
    readonly tints: Tints;
    readonly format: TileFormat;
  }
  | {
    /** Answers a `Survey`: a scale and means estimated from a line of each block of 2^log2 cells. */
    readonly kind: "survey";
    readonly context: string;
    readonly log2: number;
  }
  | {
    /** Makes cells of a layer's into shared memory, row-major float32; answers `Notes`. */
    readonly kind: "derive";
    readonly context: string;
    readonly recipe: Recipe;
    readonly memory: SharedArrayBuffer;
    /** Where they go in there, if not one after the other. */
    readonly places?: Places;
  }
  | {
    /** Does once what is repeated of a recipe, to some rows of a matrix. */
    readonly kind: "repeat";
    readonly context: string;
    readonly recipe: Recipe;
    readonly shape: readonly number[];
    readonly before: SharedArrayBuffer;
    readonly into: SharedArrayBuffer;
    readonly rows: Rows;
  }
  | {
    /** Fills a matrix in shared memory whose singular vectors a recipe asks for. */
    readonly kind: "matrix";
    readonly context: string;
    readonly recipe: Recipe;
    readonly matrix: Float32Array;
  }
  | {
    /** Makes of what was found of it what a recipe says; answers `Notes`. */
    readonly kind: "singular";
    readonly context: string;
    readonly recipe: Recipe;
    readonly sides: Sides;
    readonly matrix: Float32Array;
    readonly found: TruncatedSvd;
    readonly memory: SharedArrayBuffer;
  }
  | {
    /** Answers sums of squares of a part of the cells, in the file's order, by output channel. */
    readonly kind: "squares";
    readonly context: string;
    readonly from: number;
    readonly to: number;
  }
  | {
    /** Answers the dominant singular pair. */
    readonly kind: "dominant";
    readonly context: string;
  }
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
    readonly levels: LevelsRef | null;
  }
  | {
    /** Answers a `TruncatedSvd` of the layer as a matrix, or null. */
    readonly kind: "svd";
    readonly context: string;
    readonly pair: PairMemory;
    readonly count: number;
  }
  | {
    /** Helps with that. */
    readonly kind: "help";
    readonly context: string;
    readonly pair: PairMemory;
  }
  | {
    /** Draws a tile of a chart. */
    readonly kind: "chart";
    readonly context: string;
    readonly mode: string;
    readonly query: string;
    readonly found: Summarised;
    readonly sight: Sight;
    readonly format: TileFormat;
  }
  | {
    /** Answers a `Summarised<TensorSummary>`. */
    readonly kind: "summary";
    readonly context: string;
    readonly isAttention: boolean;
    /** The largest singular values of a matrix that is not small. */
    readonly singular: readonly number[] | null;
  };
