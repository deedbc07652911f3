// @ts-types="@types/d3-scale-chromatic"
import * as d3 from "d3-scale-chromatic";
import {
  LINE,
  NEGATIVE_INFINITY,
  NOT_A_NUMBER,
  OUTSIDE,
  POSITIVE_INFINITY,
  RAMP,
} from "../compute/ops.ts";
import { BadRequest } from "../errors.ts";
import { type ColormapName, colormaps, isColormap, specialColors } from "./colormaps.ts";
import { parseColor, toOklab, toSrgb, type Triple } from "./oklab.ts";

export { colormaps, isColormap, specialColors };

/** Position 0..1 on a map → sRGB, each 0..1. */
type Ramp = (t: number) => Triple;

// Zero is the exact middle of a diverging map, and both arms climb the same ladder of lightness, so
// that equal magnitudes look equally far from zero whatever their sign.
const ours = {
  synaptile: diverging(
    [1, 0.88, 0.73, 0.57, 0.43, 0.31],
    { chroma: [0, 0.065, 0.125, 0.17, 0.165, 0.125], hue: [240, 240, 246, 256, 262, 266] },
    { chroma: [0, 0.07, 0.15, 0.2, 0.165, 0.12], hue: [50, 50, 38, 27, 23, 18] },
  ),
  "ember-ice": diverging(
    [0, 0.29, 0.48, 0.65, 0.79, 0.92],
    { chroma: [0, 0.13, 0.18, 0.165, 0.13, 0.08], hue: [266, 266, 260, 246, 224, 202] },
    { chroma: [0, 0.11, 0.175, 0.205, 0.165, 0.12], hue: [20, 20, 28, 38, 64, 94] },
  ),
  // Of heights on maps: from dark green lowlands to snow, lighter all the way.
  hypsometric: sequential(
    [0.36, 0.46, 0.565, 0.67, 0.755, 0.82, 0.875, 0.925, 0.975],
    {
      chroma: [0.06, 0.085, 0.1, 0.105, 0.105, 0.1, 0.075, 0.04, 0.005],
      hue: [190, 160, 135, 112, 92, 78, 74, 78, 80],
    },
  ),
} satisfies Partial<Record<ColormapName, Ramp>>;

// Ten colours sampled evenly from matplotlib's table (CC0), joined smoothly: an approximation.
const twilight = cyclic([
  ...["#e2d9e2", "#9ebbc9", "#6785be", "#5e43a5", "#421257"],
  ...["#471340", "#8e2c50", "#ba6657", "#ceac94"],
]);

/** Black, red, yellow, white, one channel after the other; break points as matplotlib has them. */
const hot: Ramp = (t) => [
  clamp(0.0416 + (1 - 0.0416) * t / 0.365079),
  clamp((t - 0.365079) / (0.746032 - 0.365079)),
  clamp((t - 0.746032) / (1 - 0.746032)),
];

const css = (interpolate: (t: number) => string): Ramp => (t) => parseColor(interpolate(t));

const ramps: Record<ColormapName, Ramp> = {
  ...ours,
  hot,
  twilight,
  brbg: css(d3.interpolateBrBG),
  prgn: css(d3.interpolatePRGn),
  piyg: css(d3.interpolatePiYG),
  puor: css(d3.interpolatePuOr),
  rdbu: css(d3.interpolateRdBu),
  rdgy: css(d3.interpolateRdGy),
  rdylbu: css(d3.interpolateRdYlBu),
  rdylgn: css(d3.interpolateRdYlGn),
  spectral: css(d3.interpolateSpectral),
  viridis: css(d3.interpolateViridis),
  magma: css(d3.interpolateMagma),
  inferno: css(d3.interpolateInferno),
  plasma: css(d3.interpolatePlasma),
  cividis: css(d3.interpolateCividis),
  turbo: css(d3.interpolateTurbo),
  cubehelix: css(d3.interpolateCubehelixDefault),
  warm: css(d3.interpolateWarm),
  cool: css(d3.interpolateCool),
  greys: css(d3.interpolateGreys),
  blues: css(d3.interpolateBlues),
  greens: css(d3.interpolateGreens),
  oranges: css(d3.interpolateOranges),
  purples: css(d3.interpolatePurples),
  reds: css(d3.interpolateReds),
  bugn: css(d3.interpolateBuGn),
  bupu: css(d3.interpolateBuPu),
  gnbu: css(d3.interpolateGnBu),
  orrd: css(d3.interpolateOrRd),
  pubu: css(d3.interpolatePuBu),
  pubugn: css(d3.interpolatePuBuGn),
  purd: css(d3.interpolatePuRd),
  rdpu: css(d3.interpolateRdPu),
  ylgn: css(d3.interpolateYlGn),
  ylgnbu: css(d3.interpolateYlGnBu),
  ylorbr: css(d3.interpolateYlOrBr),
  ylorrd: css(d3.interpolateYlOrRd),
  rainbow: css(d3.interpolateRainbow),
  sinebow: css(d3.interpolateSinebow),
};

const made = new Map<string, Uint8Array>();

/**
 * 256 × RGBA, un-premultiplied: entries 0..250 the ramp, then those of `compute/ops.ts`. `reverse`
 * turns the ramp around, not the special entries. The array is shared: read, do not write.
 * Throws `BadRequest` for a name that is not in `colormaps`.
 */
export function palette(name: string, reverse = false): Uint8Array {
  if (!isColormap(name)) {
    const allowed = colormaps.map((map) => map.name);
    throw new BadRequest(`There is no colour map "${name}"; there are ${allowed.join(", ")}.`, {
      parameter: "colormap",
      found: name,
      allowed,
    });
  }
  const key = `${name} ${reverse}`;
  const colors = made.get(key) ?? build(ramps[name], reverse);
  made.set(key, colors);
  return colors;
}

/** "#rrggbb" of a palette's entry. */
export function hex(colors: Uint8Array, entry: number): string {
  const [r = 0, g = 0, b = 0] = colors.subarray(4 * entry, 4 * entry + 3);
  return "#" + (r << 16 | g << 8 | b).toString(16).padStart(6, "0");
}

function build(ramp: Ramp, reverse: boolean): Uint8Array {
  const colors = new Uint8Array(256 * 4);
  const put = (entry: number, rgb: Triple) =>
    colors.set([...rgb.map((x) => Math.round(255 * x)), 255], 4 * entry);
  for (let i = 0; i < RAMP; i++) put(reverse ? RAMP - 1 - i : i, ramp(i / (RAMP - 1)));
  put(LINE, parseColor(specialColors.line));
  put(NOT_A_NUMBER, parseColor(specialColors.nan));
  put(POSITIVE_INFINITY, parseColor(specialColors.positiveInfinity));
  put(NEGATIVE_INFINITY, parseColor(specialColors.negativeInfinity));
  colors.fill(0, 4 * OUTSIDE, 4 * OUTSIDE + 4);
  return colors;
}

/** A map of one arm. */
function sequential(lightness: readonly number[], { chroma, hue }: Arm): Ramp {
  const through = spline(lightness.map((l, i) => fromLch(l, chroma[i]!, hue[i]!)), false);
  return (t) => toSrgb(through(t));
}

/** One side of a diverging map in OKLCh, from zero outwards: hue in degrees. */
interface Arm {
  readonly chroma: readonly number[];
  readonly hue: readonly number[];
}

/** A map of two arms that meet in the middle, with the same lightness at the same distance from it. */
function diverging(lightness: readonly number[], negative: Arm, positive: Arm): Ramp {
  const arm = ({ chroma, hue }: Arm) =>
    spline(lightness.map((l, i) => fromLch(l, chroma[i]!, hue[i]!)), false);
  const [left, right] = [arm(negative), arm(positive)];
  return (t) => toSrgb(t < 0.5 ? left(1 - 2 * t) : right(2 * t - 1));
}

/** A closed map through sRGB colours at even distances. */
function cyclic(colors: readonly string[]): Ramp {
  const through = spline(colors.map((color) => toOklab(parseColor(color))), true);
  return (t) => toSrgb(through(t));
}

/** Catmull–Rom spline in OKLab through points at even distances; the ends continue straight. */
function spline(points: readonly Triple[], closed: boolean): Ramp {
  const spans = closed ? points.length : points.length - 1;
  const at = (i: number, axis: 0 | 1 | 2): number => {
    if (closed) return points[(i + spans) % spans]![axis];
    if (i < 0) return 2 * at(0, axis) - at(1, axis);
    if (i > spans) return 2 * at(spans, axis) - at(spans - 1, axis);
    return points[i]![axis];
  };
  return (t) => {
    const i = Math.min(spans - 1, Math.floor(t * spans));
    const u = t * spans - i;
    const axis = (k: 0 | 1 | 2) => {
      const [p, q, r, s] = [at(i - 1, k), at(i, k), at(i + 1, k), at(i + 2, k)];
      return q + u / 2 * (r - p + u * (2 * p - 5 * q + 4 * r - s + u * (3 * (q - r) + s - p)));
    };
    return [axis(0), axis(1), axis(2)];
  };
}

function fromLch(lightness: number, chroma: number, hue: number): Triple {
  const angle = hue * Math.PI / 180;
  return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
}

function clamp(x: number): number {
  return Math.min(1, Math.max(0, x));
}
