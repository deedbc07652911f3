import type { Layer } from "../../model/model.ts";
import type { Plane } from "../plane.ts";

/** A rectangle of a tensor's plane, at its place on the map; all figures in cells. */
export interface Region {
  /** Index into `Layout.planes`. */
  readonly plane: number;
  /**
   * First cell of the plane that it shows: (0, 0) unless the plane is cut into several regions.
   * Multiples of 2^align.
   */
  readonly left: number;
  readonly top: number;
  /** On the map: multiples of 2^align. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What encloses regions; all figures in cells, multiples of 2^align. */
export interface Frame {
  /** A run of blocks, one block, a branch of one, or all that an optimizer keeps. */
  readonly kind: "blocks" | "block" | "branch" | "optimizer";
  /** Short: "layers.12", "attention". */
  readonly label: string;
  /** In full: "model.layers.12", "model.layers.12.attention"; a run's with "*" for its numbers. */
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Indices of the planes inside. */
  readonly planes: readonly number[];
  /** Index of the enclosing frame, which comes before it; −1 for none. */
  readonly parent: number;
}

/** A plane of the map, and the layer whose tensor it is of. */
export interface MapPlane {
  readonly layer: Layer;
  readonly plane: Plane;
}

/** Every plane of a model, on one canvas. */
export interface Layout {
  /** In cells, multiples of 2^align; 0 where there is nothing. */
  readonly width: number;
  readonly height: number;
  /** The zoom at which one cell is one pixel. */
  readonly nativeZoom: number;
  /**
   * log2 of the grid that regions lie on: every aggregated level up to it comes from a tensor's own
   * blocks without resampling.
   */
  readonly align: number;
  /** Those of the layers' tensors that are not empty, in order. */
  readonly planes: readonly MapPlane[];
  readonly regions: readonly Region[];
  readonly frames: readonly Frame[];
}
