import type { RayVolume, Triple } from "../ray/ops.ts";
import { hueTable } from "../ray/transfer.ts";

/** The smallest difference of neighbours that shows: below it shading fades. */
export const FAINT = 0.01;

/** What a volume has at any position: (0, 0, 0) is the centre of the first voxel. */
export interface Samples {
  /** 0…255. */
  value(at: Triple): number;
  /** Colour of the hue times weight, and weight: four numbers, 0…1. Where there is one channel: ones. */
  hue(at: Triple): readonly number[];
  /** Change of the value, 0…1, a voxel along each axis of the world: central differences. */
  gradient(at: Triple, spacing: Triple): Triple;
}

const hues = hueTable();

export function samplesIn({ size, channels, data }: RayVolume): Samples {
  /** Trilinear interpolation, along x first, of what `voxel` says of a voxel's first byte. */
  const interpolate = (at: Triple, voxel: (from: number) => number): number => {
    const inside = at.map((x, i) => Math.min(size[i]! - 1, Math.max(0, x)));
    const near = inside.map(Math.floor);
    const along = (axis: number, [x, y, z]: Triple): number => {
      if (axis < 0) return voxel(((z * size[1] + y) * size[0] + x) * channels);
      const far: [number, number, number] = [x, y, z];
      far[axis] = Math.min(size[axis]! - 1, far[axis]! + 1);
      const from = along(axis - 1, [x, y, z]);
      return from + (along(axis - 1, far) - from) * (inside[axis]! - near[axis]!);
    };
    return along(2, near as unknown as Triple);
  };
  const value = (at: Triple) => interpolate(at, (from) => data[from]!);
  return {
    value,
    hue(at) {
      if (channels === 1) return [1, 1, 1, 1];
      return [0, 1, 2, 3].map((part) => interpolate(at, (from) => weighedHue(data, from)[part]!));
    },
    gradient(at, spacing) {
      return ([0, 1, 2] as const).map((axis) => {
        const moved = (by: number) => at.map((x, i) => i === axis ? x + by : x);
        const [ahead, behind] = [moved(1), moved(-1)] as unknown as [Triple, Triple];
        return (value(ahead) - value(behind)) / (510 * spacing[axis]);
      }) as unknown as Triple;
    },
  };
}

/** Colour of the hue times weight, and weight, of a voxel of four channels. */
export function weighedHue(data: Uint8Array, from: number): number[] {
  const weight = data[from + 2]! * data[from + 3]! / 65025;
  return [0, 1, 2, 3].map((part) => hues[4 * data[from + 1]! + part]! * weight);
}

/**
 * Light from the eye: what a colour is multiplied by, and what is added to it. Both sides of a surface
 * are lit; where there is hardly a gradient there is hardly a surface.
 */
export function light(gradient: Triple, direction: Triple): [diffuse: number, specular: number] {
  const square = gradient[0] ** 2 + gradient[1] ** 2 + gradient[2] ** 2;
  const towards = gradient[0] * direction[0] + gradient[1] * direction[1] +
    gradient[2] * direction[2];
  const cosine = Math.min(1, Math.abs(towards) / Math.sqrt(square + 1e-20));
  const surface = square / (square + FAINT ** 2);
  return [1 - 0.7 * surface * (1 - cosine), 0.25 * surface * cosine ** 16];
}

/** What a cube's face is multiplied by: the light that falls on it. */
export const faceLight = (cosine: number): number => 0.3 + 0.7 * cosine;
