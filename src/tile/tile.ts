import type { Comparison } from "../compute/ops.ts";
import type { Layout } from "../field/layout.ts";
import type { ChartMode } from "../modes/chart/mode.ts";
import type {
  Legend,
  Look,
  MapMode,
  Mode,
  Options,
  Range,
  Slopes,
  WholeMode,
} from "../modes/mode.ts";
import type { VolumeMode } from "../modes/solid_mode.ts";
import type { Failure, Origin } from "../model/catalogue.ts";
import type { Layer, Model } from "../model/model.ts";
import type { LayerSummary } from "../analysis/summary.ts";
import type { Asked } from "../run/forward.ts";
import type { Against, Partner } from "./against.ts";
import type { Backend } from "./backends.ts";
import type { Body, Detail } from "./body.ts";
import type { IngestState } from "./ingest.ts";
import type { EngineEvent } from "./ingests.ts";
import type { Forward } from "./runs.ts";
import type { LayerSketch } from "./sketch.ts";
import type { LayerOctree } from "./volumes.ts";

/** Image and number formats of a tile. */
export const formats = {
  png: "image/png",
  webp: "image/webp",
  jpg: "image/jpeg",
  avif: "image/avif",
  npy: "application/octet-stream",
  bin: "application/octet-stream",
} as const;
export type TileFormat = keyof typeof formats;

/** A tile's place and looks, not yet validated. */
export interface Address {
  readonly model: string;
  /** A layer's or a tensor's name. */
  readonly layer: string;
  readonly mode: string;
  readonly z: number;
  readonly x: number;
  readonly y: number;
  /** 2 for @2x: the same area in 512 × 512 pixels. */
  readonly density: 1 | 2;
  /** Cut to the plane, as Deep Zoom wants its edge tiles; zooms down to −8 are allowed then. */
  readonly crop?: boolean;
  readonly format: TileFormat;
  /** Mode parameters; also `v`, the model's version. */
  readonly query: URLSearchParams;
}

/** Milliseconds spent in each stage. */
export interface Timings {
  readonly read: number;
  readonly decode: number;
  readonly draw: number;
  readonly encode: number;
}

export interface Tile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  /** Further response headers: Synaptile-Mode, Synaptile-Backend, Synaptile-Refinement, Synaptile-Standard-Error, … */
  readonly headers: Readonly<Record<string, string>>;
  readonly timings: Timings;
}

/** A validated address: its tag is known, nothing was read or drawn. */
export interface Ticket {
  /**
   * ETag with its quotes: a hash of version, address, canonical options and software. Weak while
   * the picture is an estimate.
   */
  readonly etag: string;
  /** True where the URL named the current version (of both models, where two are compared), so that the answer never changes. */
  readonly immutable: boolean;
  /** True while a better picture than this one may come for the same URL. */
  readonly preliminary: boolean;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A further model that it is drawn of. */
  readonly against?: Pick<Model, "id" | "version">;
  /** The tile if it lies in the cache. */
  cached(): Tile | undefined;
  /** Renders, or takes from the cache, or joins the same tile in flight. */
  tile(signal?: AbortSignal): Promise<Tile>;
}

/** Validated addresses of tiles that are wanted together: nothing was read or drawn. */
export interface Sheet extends Pick<Ticket, "immutable" | "preliminary"> {
  /** Renders them all: files in the order of the addresses, the memory of each the caller's own. */
  tiles(signal?: AbortSignal): Promise<readonly Uint8Array<ArrayBuffer>[]>;
}

/** The plane that a (layer, mode, options) stands for. */
export interface PlaneInfo {
  readonly width: number;
  readonly height: number;
  readonly tileSize: 256;
  readonly nativeZoom: number;
  readonly minZoom: 0;
  readonly maxZoom: number;
  /** Which tensor axes run down and across, in words. */
  readonly axes: {
    readonly rows: readonly number[];
    readonly columns: readonly number[];
    readonly about: string;
  };
}

type Special = "NaN" | "+Infinity" | "-Infinity";

/** A value as a file has it. */
interface Stored {
  readonly value: number | null;
  readonly special?: Special;
}

/** DESIGN's answer of `/inspect`. */
export interface Inspection {
  readonly tensor: string;
  readonly index: readonly number[];
  /** Null for NaN and infinities in JSON; `special` then names it. */
  readonly value: number | null;
  readonly special?: Special;
  /** What was divided by the unit of its layer's, where the value is what that gave. */
  readonly norm?: number | null;
  /** The values that were compared, where the value is what their comparison gives. */
  readonly compared?: {
    readonly how: Comparison;
    readonly own: Stored;
    /** In the model that it is compared with. */
    readonly other: Stored & { readonly tensor: string; readonly index: readonly number[] };
  };
  /** Of cells: whether the gradient is that of their neighbours or the captured dL/dW. */
  readonly slopes?: Slopes;
  /** In a chart: what the value is. */
  readonly reading?: string;
  readonly cell: {
    readonly mean: number | null;
    readonly variance: number | null;
    readonly min: number | null;
    readonly max: number | null;
    /** Mean |∇|, of which `slopes` tells what it is; like the share of positives null where cells were merged and only the cube is known. */
    readonly gradient: number | null;
    /** Share of positives among finite values other than 0, as in the sign entropy; 0 where there are none. */
    readonly positive: number | null;
    /** Finite values. */
    readonly count: number;
  };
  /** In an octree: the cube that is drawn there, of which the cell is a part. */
  readonly cube?: {
    /** Its first cell, across, down and through. */
    readonly corner: readonly number[];
    /** In cells, some of which may lie beyond the layer's. */
    readonly side: number;
    /** Whether its cells are one; else it is as large as the pixel, and its cells are several cubes. */
    readonly leaf: boolean;
    readonly mean: number | null;
    readonly variance: number | null;
    readonly min: number | null;
    readonly max: number | null;
    /** Finite values. */
    readonly count: number;
    /** ε / (1 + κρ): its cells are one where they differ by less. */
    readonly epsilon: number;
  };
}

/** A layer, or the whole model, opened for a mode: all that routes and the command line ask of it. */
export interface View {
  readonly model: Model;
  /** Null for the whole model. */
  readonly layer: Layer | null;
  /** The tensor drawn: the one named, or the layer's main one; "_" for the whole model. */
  readonly tensor: string;
  readonly mode: Look;
  readonly options: Options;
  /** Query string of the options that differ from their defaults, sorted; "" where none does. */
  readonly query: string;
  readonly plane: PlaneInfo;
  /** By name, parameters whose range depends on the layer. */
  readonly ranges?: Readonly<Record<string, Range>>;
  /** Names of parameters that can say nothing of the layer. */
  readonly idle?: readonly string[];
  /** The tensors of a stack, in the order in which they lie through it. */
  readonly stack?: readonly string[];
  /** What |∇| is, in modes that show it. */
  readonly slopes?: Slopes;
  /** Whether values are made of the tensor's, as norms are, and differences. */
  readonly made?: boolean;
  /** What values are compared with; null where they are shown as they are. */
  readonly against: Against | null;
  /** Names all that is drawn of: the model's version, and that of the one it is compared with. */
  readonly version: string;
}

/** A way of looking at a layer. */
export type LayerMode = Mode | VolumeMode | ChartMode;

/** The engine that routes and the command line drive. */
export interface Engine {
  /** Models that can be shown, in the order given. */
  models(): readonly Model[];
  /** Models that could not be opened, and why. */
  failures(): readonly Failure[];
  /** Throws `NotFound` naming what exists. Reopens a model whose files have changed. */
  model(id: string): Model;
  /** The layer or tensor of that name. Throws `NotFound`. */
  layer(model: Model, name: string): { layer: Layer; tensor: string };
  /** Opens one more model: a path or a URL. Throws what opening throws, and keeps nothing then. */
  add(place: string, signal?: AbortSignal): Promise<Model>;
  /**
   * Runs the network behind a model on an input; what it computes is a step of another model. Throws
   * what running it throws, `NotFound`, and `Overloaded` while another one runs.
   */
  forward(id: string, asked: Asked, signal?: AbortSignal): Promise<Forward>;
  /** Where models lie. */
  places(): readonly string[];
  /** Where a model lies and who brought it. Throws `NotFound`. */
  whence(id: string): { readonly path: string; readonly origin: Origin };
  /** Takes a model out; its files stay. Throws `NotFound`. */
  remove(id: string): void;
  /** Follows what a folder holds, until `close`. Rejects where it cannot be watched. */
  watch(folder: string): Promise<void>;
  /** What volumes are drawn with from then on; asks for a GPU, where that is still to be done. */
  backend(): Promise<Backend>;
  /** Of a layer's plane, of its 3-D grid, and of what its summary tells. */
  modes(): readonly LayerMode[];
  mapModes(): readonly (MapMode | WholeMode)[];
  /** Models that a layer, or the whole model for "_", can be compared with. Throws `NotFound`. */
  partners(model: Model, layer: string): readonly Partner[];
  /** Where the tensors of a model lie on its map, or in a view of it, and their norms, once all are known. */
  layout(model: Model, view?: View): { layout: Layout; norms: ReadonlyMap<string, number> | null };
  /** How far a model has been read; null where it is read only as far as it is looked at. */
  ingest(id: string): IngestState | null;
  /** Reads a model to its end; resolves then. Throws what reading and writing throw. */
  ingestAll(id: string, signal?: AbortSignal): Promise<void>;
  /** Lets an ingest rest, or go on. Throws `NotFound` where there is none. */
  setIngest(id: string, state: "paused" | "running"): IngestState;
  /** Tells of progress until the answer is called. */
  listen(listener: (event: EngineEvent) => void): () => void;
  /** Validates mode and options; "_" is the whole model. Throws `NotFound`, `BadRequest`. */
  view(model: string, layer: string, mode: string, query: URLSearchParams): View;
  ticket(address: Address): Ticket;
  /**
   * For tiles of one view, of which there is at least one: where they show neighbouring cells, these
   * are read once for all of them. Nothing is taken from the cache or put there.
   */
  sheet(addresses: readonly Address[]): Sheet;
  summary(model: Model, layer: string, signal?: AbortSignal): Promise<LayerSummary>;
  /** What one pass over a layer's values tells. */
  sketch(model: Model, layer: string, signal?: AbortSignal): Promise<LayerSketch>;
  /** How a layer's 3-D grid is merged. Throws `NotFound` for a view of anything else. */
  octree(view: View, signal?: AbortSignal): Promise<LayerOctree>;
  /** What there is to fetch of a view's voxels. Throws `NotFound` for a view of anything else. */
  body(view: View, detail: Detail): Body;
  /** Voxels of a brick of that, x fastest, then y. Throws `NotFound` where there is none. */
  brick(
    view: View,
    body: Body,
    brick: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>>;
  legend(view: View, signal?: AbortSignal): Promise<Legend>;
  /** At (x, y) in cells of zoom `z`; native zoom where z is not given. */
  inspect(
    view: View,
    x: number,
    y: number,
    z: number | undefined,
    signal?: AbortSignal,
  ): Promise<Inspection>;
  close(): Promise<void>;
}
