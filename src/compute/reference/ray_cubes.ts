import type { Ray, Rays } from "../ray/camera.ts";
import { PARALLEL } from "../ray/camera.ts";
import type { RayVolume, Triple } from "../ray/ops.ts";
import { faceLight, weighedHue } from "./ray_samples.ts";

const axes = [0, 1, 2] as const;

/**
 * The first voxel on a ray that has opacity and weight: its colour by the light on the face through
 * which the ray enters it, and the distance to there. Amanatides and Woo, "A fast voxel traversal
 * algorithm for ray tracing", 1987.
 */
export function firstCube(
  volume: RayVolume,
  rays: Rays,
  ray: Ray,
  transfer: Float32Array,
): [r: number, g: number, b: number, opacity: number, distance: number] {
  const { origin, step, enter, leave, direction } = ray;
  if (!(leave > enter)) return [0, 0, 0, 0, NaN];
  const forward = step.map((d) => d > 0);
  const voxel = axes.map((i) => {
    const [first, last] = [Math.floor(rays.low[i]), Math.ceil(rays.high[i]) - 1];
    return Math.min(last, Math.max(first, Math.floor(origin[i] + enter * step[i])));
  }) as [number, number, number];
  let [t, axis] = [enter, facing(rays, ray)];
  while (true) {
    const colour = colourOf(volume, voxel, transfer);
    if (colour) {
      const [r = 0, g = 0, b = 0] = colour.map((c) => c * faceLight(Math.abs(direction[axis])));
      return [r, g, b, 1, t];
    }
    const next = axes.map((i) => {
      if (Math.abs(step[i]) < PARALLEL) return Infinity;
      return (voxel[i] + (forward[i] ? 1 : 0) - origin[i]) / step[i];
    });
    t = Math.min(...next);
    axis = next.indexOf(t) as 0 | 1 | 2;
    if (t >= leave) return [0, 0, 0, 0, NaN];
    voxel[axis] += forward[axis] ? 1 : -1;
  }
}

/** The axis of the side through which a ray enters the volume; inside, the one that it is nearest to. */
function facing(rays: Rays, { origin, step, enter, direction }: Ray): 0 | 1 | 2 {
  const weight = axes.map((i) => {
    if (enter === 0) return Math.abs(direction[i]);
    if (Math.abs(step[i]) < PARALLEL) return -Infinity;
    return ((step[i] > 0 ? rays.low[i] : rays.high[i]) - origin[i]) / step[i];
  });
  return weight.indexOf(Math.max(...weight)) as 0 | 1 | 2;
}

function colourOf(
  { size, channels, data }: RayVolume,
  [x, y, z]: Triple,
  transfer: Float32Array,
): number[] | null {
  const from = ((z * size[1] + y) * size[0] + x) * channels;
  const value = data[from]!;
  if (transfer[4 * value + 3] === 0) return null;
  if (channels === 1) return [0, 1, 2].map((i) => transfer[4 * value + i]!);
  const [r = 0, g = 0, b = 0, weight = 0] = weighedHue(data, from);
  return weight > 0 ? [r, g, b].map((c) => c / weight * value / 255) : null;
}
