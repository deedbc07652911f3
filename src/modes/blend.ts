import type { Canvas } from "../field/canvas.ts";
import type { Options, Parameter } from "./mode.ts";

/** The parameters of modes of one value, by which their pictures blend into coarser ones. */
export const blendParameters: readonly Parameter[] = [
  {
    name: "blend",
    title: "Blend",
    about: "λ of x ← λ·x + (1 − λ)·up(avgpool2(x)): 1 leaves pictures as they are, 0 leaves only " +
      "what is coarse.",
    type: "number",
    default: 1,
    minimum: 0,
    maximum: 1,
    artistic: true,
  },
  {
    name: "blend_depth",
    title: "Blend depth",
    about: "How often it is blended.",
    type: "integer",
    default: 1,
    minimum: 1,
    maximum: 8,
    artistic: true,
  },
];

/** Pixels that a pixel depends on to each side, for each time: even, so that pairs stay pairs. */
const REACH = 2;

/** Whether the options blend anything. */
export const isBlended = ({ blend = 1 }: Options): boolean => blend !== 1;

/** What a legend's title says of it; nothing where nothing is blended. */
export const blendTitle = (options: Options): string =>
  isBlended(options) ? `, blended ${options.blend_depth}× by λ = ${options.blend}` : "";

/** What `draw` draws of a canvas of cells or blocks, blended as the options say. */
export function blended(
  canvas: Canvas,
  { blend = 1, blend_depth = 1 }: Options,
  draw: (canvas: Canvas) => Float32Array,
): Float32Array {
  const lambda = Number(blend), depth = Number(blend_depth);
  if (lambda === 1) return draw(canvas);
  const wide = canvas.around(REACH * depth);
  const values = draw(wide);
  for (let time = 0; time < depth; time++) blendOnce(values, wide.columns, wide.rows, lambda);
  const out = canvas.blank();
  for (let row = 0; row < canvas.height; row++) {
    const from = (canvas.y - wide.y + row) * wide.columns + canvas.x - wide.x;
    out.set(values.subarray(from, from + canvas.width), row * canvas.columns);
  }
  return out;
}

/**
 * x ← λ·x + (1 − λ)·up(avgpool2(x)) in place, for rows of `width`: averages of 2 × 2 values, fewer at
 * the far edges, between whose middles `up` is bilinear, and beyond them constant. Values that are not
 * finite stay as they are, and are in no average.
 */
export function blendOnce(
  values: Float32Array,
  width: number,
  height: number,
  lambda: number,
): void {
  const across = Math.ceil(width / 2), down = Math.ceil(height / 2);
  const sums = new Float32Array(across * down), counts = new Uint8Array(across * down);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x]!;
      if (!Number.isFinite(value)) continue;
      const pool = (y >> 1) * across + (x >> 1);
      sums[pool]! += value;
      counts[pool]!++;
    }
  }
  for (let pool = 0; pool < sums.length; pool++) sums[pool]! /= counts[pool]!;
  for (let y = 0; y < height; y++) {
    const near = (y >> 1) * across;
    const far = Math.min(down - 1, Math.max(0, (y >> 1) + (y & 1 ? 1 : -1))) * across;
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x]!;
      if (!Number.isFinite(value)) continue;
      const own = x >> 1, beside = Math.min(across - 1, Math.max(0, own + (x & 1 ? 1 : -1)));
      const up = mix(
        mix(sums[near + own]!, sums[near + beside]!),
        mix(sums[far + own]!, sums[far + beside]!),
      );
      values[y * width + x] = lambda * value + (1 - lambda) * up;
    }
  }
}

/** Three parts of one and one of the other, if that is known. */
function mix(near: number, far: number): number {
  if (Number.isNaN(far)) return near;
  return Number.isNaN(near) ? far : 0.75 * near + 0.25 * far;
}
