import { assert, assertEquals } from "@std/assert";
import type { RayImage } from "../../../src/compute/ray/ops.ts";

/** How far an image may be from the reference's. */
export interface Tolerance {
  /** Of colours times opacity, and opacity: steps of 255 that any may differ by. */
  readonly steps: number;
  /** Of numbers, by mode: opacity and values are 0…1, distances are in voxels. */
  readonly value: number;
  /** Share of pixels that may be further off: those at edges, where a ray just misses. */
  readonly strays: number;
}

/** Colours times opacity, and opacity, 0…255. */
function premultiplied({ rgba }: RayImage): Float64Array {
  return Float64Array.from(rgba, (byte, i) => i % 4 === 3 ? byte : byte * rgba[i | 3]! / 255);
}

/** Peak signal-to-noise ratio in decibels; ∞ of equal images. */
export function psnr(a: RayImage, b: RayImage): number {
  const [p, q] = [premultiplied(a), premultiplied(b)];
  const squares = p.reduce((sum, x, i) => sum + (x - q[i]!) ** 2, 0);
  return 10 * Math.log10(255 ** 2 * p.length / squares);
}

/** Fails unless `got` is `want`, to a tolerance and to 40 dB. */
export function assertNear(got: RayImage, want: RayImage, bounds: Tolerance, title = ""): void {
  assertEquals([got.width, got.height], [want.width, want.height]);
  assertEquals([got.rgba.length, got.values.length], [want.rgba.length, want.values.length]);
  const decibels = psnr(got, want);
  assert(decibels >= 40, `${title}: ${decibels.toFixed(1)} dB`);
  const [p, q] = [premultiplied(got), premultiplied(want)];
  let [strays, worst] = [0, ""];
  for (const [i, value] of want.values.entries()) {
    let off = 0;
    for (let j = 4 * i; j < 4 * i + 4; j++) off = Math.max(off, Math.abs(p[j]! - q[j]!));
    const other = got.values[i]!;
    const same = Number.isNaN(value)
      ? Number.isNaN(other)
      : Math.abs(other - value) <= bounds.value;
    if (same && off <= bounds.steps) continue;
    strays++;
    worst = `pixel ${i % want.width}, ${Math.floor(i / want.width)}: ${
      got.rgba.subarray(4 * i, 4 * i + 4)
    } ${other} instead of ${want.rgba.subarray(4 * i, 4 * i + 4)} ${value}`;
  }
  const allowed = Math.floor(bounds.strays * want.values.length);
  assert(strays <= allowed, `${title}: ${strays} pixels are off, ${allowed} may be; ${worst}`);
}
