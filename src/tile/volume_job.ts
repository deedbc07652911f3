import type { Scale } from "../analysis/scale.ts";
import type { MergeRule } from "../compute/ops.ts";
import type { RayImage, RayView, RayVolume } from "../compute/ray/ops.ts";
import type { Window } from "../field/canvas.ts";
import type { Octree } from "../field/octree.ts";
import type { Sides } from "../field/volume/coarse.ts";
import type { VolumeAxes } from "../field/volume.ts";
import type { Tint } from "../modes/mode.ts";
import type { Cell } from "../modes/solid_mode.ts";
import type { TileFormat } from "./tile.ts";

/** What workers do with a volume: that of the layer, or of it and the further ones of a stack. */
export type VolumeWork =
  | {
    /** Merges bricks of a volume, in Morton order; answers their `BrickLists`. */
    readonly kind: "merge";
    readonly context: string;
    readonly axes: VolumeAxes | undefined;
    readonly rule: MergeRule;
    readonly from: number;
    readonly to: number;
  }
  | {
    /** Draws a tile of an octree. */
    readonly kind: "slice";
    readonly context: string;
    readonly mode: string;
    readonly query: string;
    readonly scale: Scale;
    readonly octree: Octree;
    readonly window: Window;
    readonly format: TileFormat;
  }
  | {
    /** Fills slices of a volume of bytes with places on the ramp of means of blocks of 2^log2 cells. */
    readonly kind: "fill";
    readonly context: string;
    readonly axes: VolumeAxes | undefined;
    readonly log2: Sides;
    readonly tint: Tint;
    /** Of slices, where voxels have directions. */
    readonly weights: Uint8Array | null;
    readonly from: number;
    readonly to: number;
    readonly bytes: SharedArrayBuffer;
  }
  | {
    /** Draws a part of an image of a volume of bytes. */
    readonly kind: "march";
    readonly context: string;
    /** Names the volume. */
    readonly key: string;
    readonly volume: RayVolume;
    readonly view: RayView;
    readonly columns: number;
    readonly rows: number;
    readonly format: TileFormat;
  }
  | {
    /** Draws a part of an image of a volume of bytes into shared memory. */
    readonly kind: "rays";
    readonly context: string;
    /** Names the volume. */
    readonly key: string;
    readonly volume: RayVolume;
    readonly view: RayView;
    readonly rgba: Uint8Array;
    readonly values: Float32Array;
  }
  | {
    /** Makes a file of an image of a volume that was drawn elsewhere. */
    readonly kind: "encode";
    readonly context: string;
    readonly image: RayImage;
    readonly columns: number;
    readonly rows: number;
    readonly format: TileFormat;
  }
  | {
    /** Answers what a cell of a volume is. */
    readonly kind: "voxel";
    readonly context: string;
    readonly axes: VolumeAxes | undefined;
    readonly cell: Cell;
  };

/** A job of that kind. */
export type VolumeJob<Kind extends VolumeWork["kind"] = VolumeWork["kind"]> = Extract<
  VolumeWork,
  { readonly kind: Kind }
>;
