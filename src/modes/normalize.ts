import type { Scale } from "../analysis/scale.ts";
import type { Shade } from "../compute/ops.ts";
import { specialColors } from "./colormaps.ts";
import type { Legend, Options, Parameter } from "./mode.ts";

// The reciprocal of anything smaller is beyond float32, in which kernels scale.
const LEAST = 2 ** -120;

/** How values become positions on a colour ramp, in numbers and in words. */
export interface Normalization {
  readonly shade: Shade;
  /** Values are clamped to these first; null where nothing is. */
  readonly clamp: readonly [number, number] | null;
  readonly about: string;
}

/** The parameters that every mode of one value shares. */
export const normalizationParameters: readonly Parameter[] = [
  {
    name: "normalize",
    title: "Normalise",
    about: "How values become positions on the colour ramp.",
    type: "choice",
    default: "tanh",
    choices: ["tanh", "minmax", "zscore", "robust", "log", "none"],
  },
  {
    name: "alpha",
    title: "Contrast",
    about: "α of tanh(α·x/s), s being the layer's robust scale.",
    type: "number",
    default: 1,
    minimum: 0.01,
    maximum: 100,
  },
  {
    name: "range",
    title: "Range",
    about: "Values at the ends of the ramp, linear between; overrides the normalisation.",
    type: "range",
    default: null,
  },
  {
    name: "clip",
    title: "Clip",
    about: "Clamps to the quantiles [q, 1 − q] first.",
    type: "number",
    default: 0,
    minimum: 0,
    maximum: 0.49,
  },
];

/**
 * SPEC 3's normalisations as one shade. On a diverging ramp zero keeps the middle, so that minmax
 * and range reach equally far to both sides; a sequential ramp spans exactly [min, max].
 */
export function normalization(options: Options, scale: Scale, diverging: boolean): Normalization {
  const q = Number(options.clip);
  // Of a layer without a finite value there are no quantiles.
  const clamp = q > 0 && scale.count > 0
    ? [quantile(scale, q), quantile(scale, 1 - q)] as const
    : null;
  const [low, high] = clamp ?? [scale.min, scale.max];
  const clipped = clamp ? `, clipped to [${short(low)}, ${short(high)}]` : "";
  if (Array.isArray(options.range)) {
    const [from, to] = options.range as [number, number];
    const about = `linear from ${short(from)} to ${short(to)}`;
    return { shade: span(from, to, diverging), clamp: [from, to], about };
  }
  const linear = (center: number, reach: number): Shade => ({
    curve: "linear",
    center,
    scale: 1 / positive(reach),
    gain: 1,
  });
  const s = positive(scale.robust);
  switch (options.normalize) {
    case "minmax":
      return {
        shade: span(low, high, diverging),
        clamp,
        about: `linear from min to max${clipped}`,
      };
    case "zscore": {
      const sigma = Math.sqrt(scale.variance);
      const about = `(x − ${short(scale.mean)}) / 3σ, σ = ${short(sigma)}${clipped}`;
      return { shade: linear(known(scale.mean), 3 * sigma), clamp, about };
    }
    case "robust": {
      const about = `(x − ${short(scale.median)}) / 3s, s = ${short(s)}${clipped}`;
      return { shade: linear(known(scale.median), 3 * s), clamp, about };
    }
    case "log": {
      const gain = 1 / positive(Math.log1p(Math.max(Math.abs(low), Math.abs(high)) / s));
      const about = `sign(x)·log(1 + |x| / ${short(s)})${clipped}`;
      return { shade: { curve: "log", center: 0, scale: 1 / s, gain }, clamp, about };
    }
    case "none":
      return {
        shade: diverging ? linear(0, 1) : linear(0.5, 0.5),
        clamp,
        about: `x as it is, ${diverging ? "−1 to 1" : "0 to 1"}${clipped}`,
      };
    default: {
      const alpha = Number(options.alpha);
      const about = `tanh(${alpha === 1 ? "" : `${short(alpha)}·`}x / ${short(s)})${clipped}`;
      return { shade: { curve: "tanh", center: 0, scale: alpha / s, gain: 1 }, clamp, about };
    }
  }
}

/** Values along the ramp, for legends: what a shade maps to the positions 0, 1/32, … 1, within the clamp. */
export function stops({ shade, clamp }: Normalization): NonNullable<Legend["ramp"]>["stops"] {
  const [from, to] = (clamp ?? [-Infinity, Infinity]).map((value) =>
    (1 + shadeTo(shade, value)) / 2
  );
  const start = Math.max(0, from!), end = Math.min(1, to!);
  const inner = Array.from({ length: 33 }, (_, i) => i / 32).filter((at) => at > start && at < end);
  return [start, ...inner, end].map((at) => ({ at, value: unshade(shade, 2 * at - 1) }));
}

/** Where a shade puts a value, −1..1 being the ramp. */
export function shadeTo({ curve, center, scale, gain }: Shade, value: number): number {
  const t = (value - center) * scale;
  if (curve === "linear") return gain * t;
  return gain * (curve === "tanh" ? Math.tanh(t) : Math.sign(t) * Math.log1p(Math.abs(t)));
}

/** The value that a shade maps to y in [−1, 1]; tanh reaches ±1 at infinity, so its ends stop short. */
export function unshade({ curve, center, scale, gain }: Shade, y: number): number {
  const t = y / gain;
  if (curve === "linear") return center + t / scale;
  if (curve === "log") return center + Math.sign(t) * Math.expm1(Math.abs(t)) / scale;
  return center + Math.atanh(Math.max(-0.995, Math.min(0.995, t))) / scale;
}

/** Quantile q of a layer, interpolated between the 1,025 that its scale keeps. */
export function quantile({ quantiles }: Scale, q: number): number {
  const at = q * (quantiles.length - 1);
  const low = Math.floor(at), high = Math.min(low + 1, quantiles.length - 1);
  return quantiles[low]! + (quantiles[high]! - quantiles[low]!) * (at - low);
}

/** A legend's entries for the values that have no place on a ramp. */
export const special = (scale: Scale): Legend["special"] => [
  { name: "NaN", color: specialColors.nan, count: scale.nan },
  { name: "+∞", color: specialColors.positiveInfinity, count: scale.positiveInfinity },
  { name: "−∞", color: specialColors.negativeInfinity, count: scale.negativeInfinity },
];

/** A number for a legend or a sentence: four significant digits. */
export const short = (value: number) => String(Number(value.toPrecision(4)));

function span(low: number, high: number, diverging: boolean): Shade {
  const reach = diverging ? Math.max(Math.abs(low), Math.abs(high)) : (high - low) / 2;
  const center = diverging ? 0 : known((low + high) / 2);
  return { curve: "linear", center, scale: 1 / positive(reach), gain: 1 };
}

// A constant, empty or all-NaN layer has no extent; any positive one draws it flat.
const positive = (reach: number) =>
  reach > 0 && Number.isFinite(reach) ? Math.max(reach, LEAST) : 1;
const known = (center: number) => Number.isFinite(center) ? center : 0;
