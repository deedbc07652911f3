import type { RayView, RayVolume, Triple } from "./ops.ts";

/**
 * Where a volume is seen from; always towards its centre. At yaw 0 and pitch 0 the view is along +z,
 * +x to the right and +y down, as an image of the first slice lies. Yaw moves the camera to the right,
 * then pitch up, both in degrees.
 */
export interface Camera {
  readonly yaw: number;
  readonly pitch: number;
  /** Angle of view in degrees, 0…120; 0 is without perspective. */
  readonly fov: number;
  /**
   * From the centre, in radii of the bounding sphere, 0…1000: `fitting(fov)` if left out, which fits
   * the sphere into the image. Without perspective half the image is so many radii wide and high.
   */
  readonly distance?: number;
}

/** A rectangle of an image of `size` × `size` pixels, at most 2²⁴ a side. */
export interface Viewport {
  readonly size: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The distance at which the bounding sphere touches the sides of the image. */
export const fitting = (fov: number): number => fov === 0 ? 1 : 1 / Math.sin(fov * Math.PI / 360);

/**
 * All rays of an image. The pixel at (a, b), −1…1 from left to right and from top to bottom, has the
 * ray p(t) = origin + t·d with d ∥ forward + a·across + b·down in perspective; else
 * p(t) = origin + a·across + b·down + t·forward. Positions are in voxels along each axis, t and
 * directions (before they are divided by `spacing`) in units of the smallest side of a voxel.
 */
export interface Rays {
  readonly perspective: boolean;
  readonly origin: Triple;
  readonly forward: Triple;
  readonly across: Triple;
  readonly down: Triple;
  /** Sides of a voxel, the smallest being 1. */
  readonly spacing: Triple;
  /** What is left of the volume: from `low` to `high`. */
  readonly low: Triple;
  readonly high: Triple;
}

const map = (f: (axis: 0 | 1 | 2) => number): Triple => [f(0), f(1), f(2)];

/** The rays of a view, in world directions: what is seen of a volume from where. */
export function raysOf(volume: Pick<RayVolume, "size" | "spacing">, view: RayView): Rays {
  const { size } = volume;
  const unit = Math.min(...volume.spacing);
  const spacing = map((i) => volume.spacing[i] / unit);
  const radius = Math.hypot(...map((i) => size[i] * spacing[i])) / 2;
  const { yaw, pitch, fov, distance = fitting(fov) } = view.camera;
  const [sinYaw, cosYaw] = [Math.sin(yaw * Math.PI / 180), Math.cos(yaw * Math.PI / 180)];
  const [sinPitch, cosPitch] = [Math.sin(pitch * Math.PI / 180), Math.cos(pitch * Math.PI / 180)];
  const forward: Triple = [-sinYaw * cosPitch, sinPitch, cosYaw * cosPitch];
  const right: Triple = [cosYaw, 0, sinYaw];
  const below: Triple = [sinYaw * sinPitch, cosPitch, -cosYaw * sinPitch];
  const perspective = fov > 0;
  const back = radius * (perspective ? distance : 1);
  const reach = perspective ? Math.tan(fov * Math.PI / 360) : radius * distance;
  const origin = map((i) => size[i] / 2 - forward[i] * back / spacing[i]);
  const [low, high] = cut(size, view.slice, origin, forward, perspective);
  return {
    ...{ perspective, origin, forward, spacing, low, high },
    across: map((i) => right[i] * reach),
    down: map((i) => below[i] * reach),
  };
}

/** The box without what lies before the slicing plane. */
function cut(
  size: Triple,
  slice: RayView["slice"],
  origin: Triple,
  forward: Triple,
  perspective: boolean,
): [low: Triple, high: Triple] {
  if (!slice) return [[0, 0, 0], size];
  const { axis } = slice;
  const at = slice.position * size[axis];
  const below = perspective ? origin[axis] <= at : forward[axis] >= 0;
  return [
    map((i) => below && i === axis ? at : 0),
    map((i) => !below && i === axis ? at : size[i]),
  ];
}

/** One ray: p(t) = origin + t·step in voxels along each axis, `direction` of length 1 in the world. */
export interface Ray {
  readonly origin: Triple;
  readonly direction: Triple;
  readonly step: Triple;
  /** Where it enters and leaves what is left of the volume; leave < enter where it misses it. */
  readonly enter: number;
  readonly leave: number;
}

/** Directions within this of an axis' plane count as parallel to it. */
export const PARALLEL = 1e-9;

/** The ray of a pixel. */
export function rayAt(rays: Rays, size: number, x: number, y: number): Ray {
  const a = (2 * x + 1 - size) / size, b = (2 * y + 1 - size) / size;
  const sideways = map((i) => a * rays.across[i] + b * rays.down[i]);
  const { spacing, perspective, forward } = rays;
  const towards = perspective ? map((i) => forward[i] + sideways[i]) : forward;
  const length = Math.hypot(...towards);
  const direction = map((i) => towards[i] / length);
  const step = map((i) => direction[i] / spacing[i]);
  const origin = perspective ? rays.origin : map((i) => rays.origin[i] + sideways[i] / spacing[i]);
  let [enter, leave] = [0, Infinity];
  for (const i of [0, 1, 2] as const) {
    const [low, high] = [rays.low[i] - origin[i], rays.high[i] - origin[i]];
    if (Math.abs(step[i]) < PARALLEL) {
      if (low > 0 || high < 0) leave = -1;
    } else {
      const [p, q] = [low / step[i], high / step[i]];
      enter = Math.max(enter, Math.min(p, q));
      leave = Math.min(leave, Math.max(p, q));
    }
  }
  return { origin, direction, step, enter, leave };
}

/** How many samples a ray has: t = enter + (k + ½)·step lies before `leave`. */
export const samplesAlong = ({ enter, leave }: Ray, step: number): number =>
  Math.max(0, Math.floor((leave - enter) / step + 0.5));
