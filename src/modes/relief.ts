import { NEGATIVE_INFINITY, NOT_A_NUMBER, POSITIVE_INFINITY, RAMP } from "../compute/ops.ts";
import type { Canvas } from "../field/canvas.ts";
import { palette } from "./colour.ts";
import type { Options, Parameter, Picture } from "./mode.ts";
import { openCells, PRINTED } from "./overzoom.ts";

/** The parameters of the light that falls on a relief. */
export const reliefParameters: readonly Parameter[] = [
  {
    name: "shade",
    title: "Shading",
    about: "How much slopes are darker or lighter than level ground; 0 shows colours alone.",
    type: "number",
    default: 0.7,
    minimum: 0,
    maximum: 1,
  },
  {
    name: "relief",
    title: "Relief",
    about: "Height of the whole colour ramp, in pixels of the picture.",
    type: "number",
    default: 4,
    minimum: 0,
    maximum: 100,
  },
  {
    name: "azimuth",
    title: "Light from",
    about: "Where the light comes from: 0 is the top of the picture, 90 its right.",
    type: "number",
    default: 315,
    minimum: 0,
    maximum: 360,
    unit: "°",
  },
  {
    name: "altitude",
    title: "Light's height",
    about: "How high the light stands above the level ground.",
    type: "number",
    default: 45,
    minimum: 10,
    maximum: 90,
    unit: "°",
  },
];

/** How high a finite value lies, from 0 at the ramp's start to 1 at its end. */
export type Height = (value: number) => number;

/** Lightness of a slope, of heights a pixel across and down; of level ground it is 1. */
type Light = (across: number, down: number) => number;

/** What a plane is drawn as a relief with. */
export interface Ground {
  readonly height: Height;
  /** Little-endian RGBA of each palette entry. */
  readonly colours: Uint32Array;
  readonly light: Light;
}

/** Pixels that a pixel depends on to each side; even, so that pairs stay pairs. */
const REACH = 2;

/** The same for many tiles. */
export function groundOf(options: Options, height: Height): Ground {
  const map = palette(String(options.colormap), Boolean(options.colormap_reverse));
  return { height, colours: new Uint32Array(map.slice().buffer), light: lightOf(options) };
}

/**
 * The cosine between the light and the ground's normal (Lambert's law) by that of level ground, and
 * its difference from 1 as strong as `shade` says.
 */
function lightOf({ azimuth, altitude, relief, shade }: Options): Light {
  const [turn, rise] = [Number(azimuth) * Math.PI / 180, Number(altitude) * Math.PI / 180];
  const east = Math.sin(turn) / Math.tan(rise), south = -Math.cos(turn) / Math.tan(rise);
  const tall = Number(relief), strength = Number(shade);
  return (across, down) => {
    const x = tall * across, y = tall * down;
    const cosine = (1 - x * east - y * south) / Math.sqrt(1 + x * x + y * y);
    return 1 + strength * (Math.max(0, cosine) - 1);
  };
}

/**
 * Values as a relief: each in its height's colour on the ramp, darker or lighter by the slope, which
 * is the central difference of heights, one-sided next to what has none. Further in than native,
 * cells are columns: their tops are level, so that they have the ramp's own colours, and their rims as
 * light as the step to the next one is steep. Its numbers are the values.
 */
export function drawRelief(
  canvas: Canvas,
  ground: Ground,
  draw: (cells: Canvas) => Float32Array,
): Picture {
  const { ops, columns, rows, width, height, pixelsPerCell: p } = canvas;
  const cells = canvas.log2 < 0 ? canvas.closed() : canvas;
  const terrain = terrainOf(cells, ground, draw);
  const values = canvas.blank();
  const isPrinted = p >= PRINTED;
  const pixels = isPrinted
    ? openCells(canvas, { side: 1, ground: colourOf(ground), microcells: () => [] })
    : ops.scratch(columns * rows * 4).fill(0);
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, columns * rows);
  const slope = p > 1 ? stepAt : slopeAt;
  const rim = Math.max(1, p >> 3);
  for (let y = 0; y < height; y++) {
    const down = p > 1 ? sideOf(y % p, p, rim) : 0;
    for (let x = 0; x < width; x++) {
      const at = terrain.at(Math.floor(x / p), Math.floor(y / p)), to = y * columns + x;
      const value = values[to] = terrain.values[at]!;
      const colour = isPrinted ? words[to]! : ground.colours[entryOf(ground, value)]!;
      const across = p > 1 ? sideOf(x % p, p, rim) : 0;
      const light = ground.light(
        slope(terrain.heights, at, 1, across),
        slope(terrain.heights, at, terrain.pitch, down),
      );
      words[to] = lightened(colour, light);
    }
  }
  canvas.forEachGap((from, to) => {
    words.fill(0, from, to);
    values.fill(NaN, from, to);
  });
  return { kind: "rgba", pixels, values };
}

/** Values and heights of a canvas's pixels, and of those around it. */
interface Terrain {
  readonly values: Float32Array;
  /** NaN where there is none. */
  readonly heights: Float32Array;
  readonly pitch: number;
  at(column: number, row: number): number;
}

function terrainOf(
  canvas: Canvas,
  ground: Ground,
  draw: (cells: Canvas) => Float32Array,
): Terrain {
  const wide = canvas.around(REACH), drawn = draw(wide);
  // With a frame of nothing, so that every pixel has neighbours.
  const pitch = wide.width + 2, size = pitch * (wide.height + 2);
  const values = new Float32Array(size).fill(NaN), heights = new Float32Array(size).fill(NaN);
  for (let row = 0; row < wide.height; row++) {
    const from = row * wide.columns, to = (row + 1) * pitch + 1;
    values.set(drawn.subarray(from, from + wide.width), to);
  }
  for (const [at, value] of values.entries()) {
    if (Number.isFinite(value)) heights[at] = ground.height(value);
  }
  const first = (canvas.y - wide.y + 1) * pitch + canvas.x - wide.x + 1;
  return { values, heights, pitch, at: (column, row) => first + row * pitch + column };
}

/** The central difference at a pixel, whose neighbours lie a step away. */
function slopeAt(heights: Float32Array, at: number, step: number): number {
  const before = stepAt(heights, at, step, -1), after = stepAt(heights, at, step, 1);
  const sides = Number(!Number.isNaN(heights[at - step]!)) +
    Number(!Number.isNaN(heights[at + step]!));
  return sides === 0 ? 0 : (before + after) / sides;
}

/** The rise to the next pixel on one side, in the direction of the axis; 0 where there is none. */
function stepAt(heights: Float32Array, at: number, step: number, side: number): number {
  const rise = (heights[at + side * step]! - heights[at]!) * side;
  return Number.isNaN(rise) ? 0 : rise;
}

/** On which rim of a cell a pixel of it lies: −1, 1, or 0 for none. */
const sideOf = (pixel: number, p: number, rim: number): -1 | 0 | 1 =>
  pixel < rim ? -1 : pixel >= p - rim ? 1 : 0;

function entryOf({ height }: Ground, value: number): number {
  if (Number.isNaN(value)) return NOT_A_NUMBER;
  if (!Number.isFinite(value)) return value > 0 ? POSITIVE_INFINITY : NEGATIVE_INFINITY;
  return Math.round((RAMP - 1) * height(value));
}

/** 0xRRGGBB of a value. */
const colourOf = (ground: Ground) => (value: number): number => {
  const word = ground.colours[entryOf(ground, value)]!;
  return (word & 0xff) << 16 | (word & 0xff00) | (word >> 16 & 0xff);
};

/** Towards black below 1, towards white above. */
function lightened(word: number, light: number): number {
  if (light === 1) return word;
  const to = light < 1 ? 0 : 255, share = Math.min(1, Math.abs(light - 1));
  const channel = (shift: number) => {
    const own = word >> shift & 0xff;
    return Math.round(own + (to - own) * share) << shift;
  };
  return (word & 0xff000000 | channel(16) | channel(8) | channel(0)) >>> 0;
}
