import { checkView, checkVolume } from "../ray/bounds.ts";
import { type Ray, rayAt, raysOf, samplesAlong } from "../ray/camera.ts";
import {
  BISECTIONS,
  levelOf,
  OPAQUE,
  type RayScene,
  type RayView,
  type RayVolume,
} from "../ray/ops.ts";
import type { Triple } from "../ray/ops.ts";
import { samplesOf } from "../ray/transfer.ts";
import { occupancyOf } from "./occupancy.ts";
import { firstCube } from "./ray_cubes.ts";
import { light, type Samples, samplesIn } from "./ray_samples.ts";

/** Red, green, blue times opacity, opacity; and the number that a mode has for a ray. */
type Found = readonly [r: number, g: number, b: number, opacity: number, value: number];

/** What marching needs to know of a view. */
interface March {
  readonly view: RayView;
  readonly samples: Samples;
  readonly spacing: Triple;
  readonly step: number;
  /** `samplesOf` the view's transfer function. */
  readonly table: Float32Array;
  /** Values have their own colours, hues do not matter. */
  readonly plain: boolean;
}

/** A volume as it is, marched through sample by sample: nothing is skipped. */
export function rayScene(volume: RayVolume): RayScene {
  checkVolume(volume);
  const samples = samplesIn(volume);
  return {
    occupancy: occupancyOf(volume),
    render(view) {
      checkView(view);
      const { size, x, y, width, height } = view.viewport;
      const rays = raysOf(volume, view);
      const step = view.step ?? 1;
      const table = samplesOf(view.transfer, step);
      const plain = volume.channels === 1;
      const march: March = { view, samples, spacing: rays.spacing, step, table, plain };
      const rgba = new Uint8Array(width * height * 4), values = new Float32Array(width * height);
      for (let i = 0; i < width * height; i++) {
        const ray = rayAt(rays, size, x + i % width, y + Math.floor(i / width));
        const [r, g, b, opacity, value] = view.mode === "cubes"
          ? firstCube(volume, rays, ray, view.transfer)
          : modes[view.mode](march, ray);
        rgba.set(straight([r, g, b], opacity), 4 * i);
        values[i] = value;
      }
      return { width, height, rgba, values };
    },
    free() {},
  };
}

/** Where sample k of a ray lies. */
function place({ origin, step, enter }: Ray, length: number, k: number): Triple {
  const t = enter + (k + 0.5) * length;
  return origin.map((o, i) => o + t * step[i]! - 0.5) as unknown as Triple;
}

const modes = {
  composite(march: March, ray: Ray): Found {
    const { samples, step, table, plain, view, spacing } = march;
    const sum = [0, 0, 0, 0];
    const count = samplesAlong(ray, step);
    for (let k = 0; k < count && sum[3]! < OPAQUE; k++) {
      const at = place(ray, step, k);
      const value = samples.value(at);
      const hue = plain ? null : samples.hue(at);
      let [r, g, b, opacity] = lookup(table, value);
      if (hue) {
        [r, g, b] = [0, 1, 2].map((i) => opacity * value / 255 * hue[i]!) as [
          number,
          number,
          number,
        ];
        opacity *= hue[3]!;
      }
      if (view.shading) {
        const [diffuse, specular] = light(samples.gradient(at, spacing), ray.direction);
        const lit = (c: number) => Math.min(opacity, c * diffuse + opacity * specular);
        [r, g, b] = [lit(r), lit(g), lit(b)];
      }
      const through = 1 - sum[3]!;
      for (const [i, c] of [r, g, b, opacity].entries()) sum[i]! += through * c;
    }
    const [r = 0, g = 0, b = 0, opacity = 0] = sum;
    if (opacity < OPAQUE) return [r, g, b, opacity, opacity];
    return [r / opacity, g / opacity, b / opacity, 1, 1];
  },

  maximum({ samples, step, view }: March, ray: Ray): Found {
    let most = -1;
    const count = samplesAlong(ray, step);
    for (let k = 0; k < count; k++) most = Math.max(most, samples.value(place(ray, step, k)));
    if (most < 0) return [0, 0, 0, 0, NaN];
    const [r, g, b] = lookup(view.transfer, most);
    return [r, g, b, 1, most / 255];
  },

  iso({ samples, step, view, spacing }: March, ray: Ray): Found {
    const level = levelOf(view);
    const reaches = (k: number) => samples.value(place(ray, step, k)) >= level;
    const count = samplesAlong(ray, step);
    let k = 0;
    while (k < count && !reaches(k)) k++;
    if (k === count) return [0, 0, 0, 0, NaN];
    if (k > 0) {
      let below = k - 1;
      for (let i = 0; i < BISECTIONS; i++) {
        const middle = (below + k) / 2;
        if (reaches(middle)) k = middle;
        else below = middle;
      }
    }
    const gradient = samples.gradient(place(ray, step, k), spacing);
    const [diffuse, specular] = light(gradient, ray.direction);
    const lit = lookup(view.transfer, level).map((c) => Math.min(1, c * diffuse + specular));
    const [r = 0, g = 0, b = 0] = lit;
    return [r, g, b, 1, ray.enter + (k + 0.5) * step];
  },
} as const;

/** Four numbers for a value, 0…255, of a table of 256 entries. */
export function lookup(table: Float32Array, value: number): [number, number, number, number] {
  const entry = Math.min(254, Math.floor(value));
  const share = value - entry;
  const part = (i: number) => {
    const from = table[4 * entry + i]!;
    return from + (table[4 * entry + 4 + i]! - from) * share;
  };
  return [part(0), part(1), part(2), part(3)];
}

/** Bytes of a colour that is multiplied by its opacity: 0, 0, 0, 0 where that rounds to 0. */
function straight(colour: readonly number[], opacity: number): number[] {
  const alpha = Math.round(255 * opacity);
  if (alpha === 0) return [0, 0, 0, 0];
  return [...colour.map((c) => Math.min(255, Math.round(255 * c / opacity))), alpha];
}
