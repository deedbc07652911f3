import type { Camera, Viewport } from "./camera.ts";

/** One number for each of x, y and z. */
export type Triple = readonly [x: number, y: number, z: number];

/**
 * A volume of at most 2048 voxels a side. Voxel (x, y, z) is a box: from x to x + 1, y to y + 1, z to
 * z + 1; its bytes lie at `((z * sizeY + y) * sizeX + x) * channels`. Between the centres of voxels
 * values are interpolated trilinearly, beyond the outermost centres they stay what they are there.
 *
 * One channel: the value, 0…255 standing for 0…1. Four: r is the value (brightness), g the hue (256
 * steps once around, 0 red, a third green), b a weight of the opacity, a the presence. A voxel then
 * weighs b·a, and what is interpolated is r, the weight, and the colour of the hue by weight, so that
 * absent voxels lend no colour to their neighbours. `composite` and `cubes` have the colour r·hue, and
 * the transfer function's opacity (after its correction for the step) by weight; the other modes
 * know of r alone.
 */
export interface RayVolume {
  readonly size: Triple;
  readonly channels: 1 | 4;
  readonly data: Uint8Array;
  /** Lengths of a voxel's sides. The smallest is the unit of all lengths below: "a voxel". */
  readonly spacing: Triple;
}

/** Voxels a side of the blocks that rays skip. */
export const BLOCK = 8;

/**
 * What is in each block of `BLOCK`³ voxels, x fastest: block b of an axis has what interpolation
 * reaches from positions between the centres of voxels 8b and 8b + 8, so the voxels 8b…8b + 8, as far
 * as they exist.
 */
export interface Occupancy {
  readonly blocks: Triple;
  /** Least and largest value (of the channel r, where there are four). */
  readonly min: Uint8Array;
  readonly max: Uint8Array;
  /** 1 where a voxel has weight, so everywhere where there is one channel. */
  readonly present: Uint8Array;
}

/**
 * What is drawn of the values along a ray. Samples lie at t = enter + (k + ½)·step, k = 0, 1, …, up to
 * where the ray leaves what is left of the volume: they depend on the ray alone, never on the tile.
 *
 * `composite`: colours of the samples front to back, each by its opacity; from an opacity of 0.996 on a
 * ray is done and counts as opaque. `maximum`: the colour of the largest value, opaque. `iso`: the
 * first sample at or above `level`, then `BISECTIONS` halvings of the step before it; that surface in
 * the colour of the level, lit, opaque. `cubes`: the first voxel that has opacity and weight, a box in
 * the colour of its value, each face lit by its direction, opaque (Amanatides & Woo 1987).
 */
export type RayMode = "composite" | "maximum" | "iso" | "cubes";

export const rayModes: readonly RayMode[] = ["composite", "maximum", "iso", "cubes"];

/** Halvings of the step in which an iso surface lies. */
export const BISECTIONS = 6;

/** A ray of this opacity is done, and counts as opaque. */
export const OPAQUE = 0.996;

/** What and how to draw. Every number must be finite. */
export interface RayView {
  readonly mode: RayMode;
  readonly camera: Camera;
  readonly viewport: Viewport;
  /** 256 entries of (r, g, b, opacity), 0…1 each, of the values 0…255: `transferTable`. */
  readonly transfer: Float32Array;
  /** Distance of samples in voxels, 1/16…8; 1 if left out. */
  readonly step?: number;
  /** Value of the surface of `iso`, 0…1; ½ if left out. */
  readonly level?: number;
  /** Whether samples of `composite` are lit by their gradient: slower. */
  readonly shading?: boolean;
  /**
   * A plane across an axis at a share (0…1) of the volume's extent: what lies on the viewer's side of
   * it is cut off. Rays begin there.
   */
  readonly slice?: { readonly axis: 0 | 1 | 2; readonly position: number };
}

/** The level of a view as values are interpolated, 0…255, in float32: level i/255 is exactly i. */
export const levelOf = ({ level = 0.5 }: RayView): number => Math.fround(255 * level);

/** What rays of a rectangle found, row by row. */
export interface RayImage {
  readonly width: number;
  readonly height: number;
  /** RGBA8, un-premultiplied; 0, 0, 0, 0 where nothing was met. */
  readonly rgba: Uint8Array;
  /**
   * `composite`: opacity, 0…1. `maximum`: the largest value, 0…1, NaN where a ray has no sample. `iso`
   * and `cubes`: distance in voxels to the surface, from the eye (without perspective: from the plane
   * across the view that touches the bounding sphere on the viewer's side), NaN where there is none.
   */
  readonly values: Float32Array;
}

/**
 * A volume where rays can march through it. The plain TypeScript version (`reference.ts`) defines what
 * is drawn; the others are held to it by `tests/compute/ray/conformance.ts`, where tolerances stand.
 */
export interface RayScene {
  readonly occupancy: Occupancy;
  /** Throws `RangeError` for numbers that are out of range. The image is the caller's. */
  render(view: RayView): RayImage;
  /** Gives back what the volume takes; the scene is not to be used any more. */
  free(): void;
}
