import type { ChannelNeeds } from "../analysis/channels.ts";
import type { Scale } from "../analysis/scale.ts";
import type { MergeRule, Ops } from "../compute/ops.ts";
import type { Viewport } from "../compute/ray/camera.ts";
import type { RayView } from "../compute/ray/ops.ts";
import type { Window } from "../field/canvas.ts";
import type { Octree } from "../field/octree.ts";
import type { Sides } from "../field/volume/coarse.ts";
import type { Volume, VolumeAxes } from "../field/volume.ts";
import type { Layer } from "../model/model.ts";
import type { Facts, Legend, Look, Options, Picture, Range, Tint } from "./mode.ts";

/** A cell of a volume: its place along x, y and z. */
export type Cell = readonly [x: number, y: number, z: number];

/** What all ways of looking at a layer's 3-D grid say of themselves. */
interface SolidLook extends Look {
  /** Null where the mode can show the layer, else what it would need. */
  missing(layer: Layer): string | null;
  /** How the options fold the tensor, or each of a stack; undefined for the default folding. */
  axes(options: Options): VolumeAxes | undefined;
  /** Pixels of the picture at native zoom. Throws `BadRequest` for what the volume does not have. */
  extent(options: Options, volume: Volume): { readonly width: number; readonly height: number };
  /** By name, the parameters whose range depends on the volume. */
  ranges?(options: Options, volume: Volume): Readonly<Record<string, Range>>;
  legend(options: Options, facts: Facts, volume: Volume): Legend;
}

/** One that draws the octree that cells are merged into. */
export interface OctreeMode extends SolidLook {
  readonly solid: "octree";
  /** The cell of the volume that a pixel at native zoom shows; it may lie beyond it. */
  cellAt(options: Options, volume: Volume, x: number, y: number): Cell;
  /** Which cells are merged. */
  rule(options: Options, scale: Scale): MergeRule;
  /** What can be settled once for many tiles of a volume of these sides, then the drawing of one. */
  prepare(
    options: Options,
    scale: Scale,
    sides: Sides,
  ): (octree: Octree, window: Window, ops: Ops) => Picture;
}

/** One that looks at cells, or blocks of them, from outside: images are 256 · 2^z pixels wide. */
export interface VoxelMode extends SolidLook {
  readonly solid: "voxels";
  /** Names of the parameters that a volume's bytes follow from. */
  readonly fills: readonly string[];
  /** Names of those that only its shape and its colours follow from: all others are of a look at it. */
  readonly dresses: readonly string[];
  /**
   * log2 of the cells along each axis of the blocks that an image of zoom z is made of: as few as
   * bring the volume down to `most` bytes, of which there are four at least.
   */
  levelAt(options: Options, volume: Volume, z: number, most?: number): Sides;
  /** What of `Facts.channels` must have been looked for. */
  needsChannels(options: Options, volume: Volume): ChannelNeeds;
  /**
   * Where voxels have directions, weights of slices of 2^`deep` cells, 0 to 255, by what is known of
   * each tensor; null where each is a place on the ramp.
   */
  weights(
    options: Options,
    facts: readonly Facts[],
    volume: Volume,
    deep: number,
  ): Uint8Array | null;
  /** How means of blocks become places on the ramp. */
  tint(options: Options, facts: Facts): Tint;
  /** Lengths of the sides of a block, of which there are so many along each axis. */
  spacing(options: Options, volume: Volume, sides: Sides): Sides;
  /** What is drawn along the rays of a part of an image. */
  look(options: Options, viewport: Viewport): RayView;
}

export type VolumeMode = OctreeMode | VoxelMode;
