import type { Canvas } from "../field/canvas.ts";
import type { Plane } from "../field/plane.ts";
import { NotFound } from "../errors.ts";
import { specialColors } from "./colormaps.ts";
import type { Picture } from "./mode.ts";
import { type Normalization, shadeTo } from "./normalize.ts";
import { toSrgb } from "./oklab.ts";
import { type Colour, enlarge, openCells, PRINTED } from "./overzoom.ts";
import { blocks } from "./weights.ts";

/** Of what is brightest, in OKLab: as colourful as all hues can be. */
const LIGHTNESS = 0.82, CHROMA = 0.13;

/** Of what has no place on a ramp. */
const NOT_A_NUMBER = parseInt(specialColors.nan.slice(1), 16);
const INFINITE = parseInt(specialColors.positiveInfinity.slice(1), 16);

/** 0xRRGGBB of an angle and a brightness, 0 to 1; grey where it has no angle. */
export function hueAt(angle: number | null, brightness: number): Colour {
  // Lighter without a colour, so that white is the end of a ramp of greys.
  if (angle === null) return 0x010101 * Math.round(255 * brightness);
  const chroma = CHROMA * brightness;
  const lab = [LIGHTNESS * brightness, chroma * Math.cos(angle), chroma * Math.sin(angle)] as const;
  const [r, g, b] = toSrgb(lab).map((x) => Math.round(255 * x)) as [number, number, number];
  return r << 16 | g << 8 | b;
}

/** "#rrggbb" of the brightest of angles from −180° to 180°. */
export const hueColours = (): string[] =>
  Array.from({ length: 49 }, (_, i) => {
    const colour = hueAt(Math.PI * (i / 24 - 1), 1);
    return `#${colour.toString(16).padStart(6, "0")}`;
  });

/**
 * Draws three planes that were made for `plane`: the first as brightness, its own numbers, and with
 * `hued` the angle of the other two, atan2(third, second), as hue. Of blocks both are of their means.
 */
export function drawHues(
  plane: Plane,
  { shade, clamp }: Normalization,
  hued: boolean,
): (canvas: Canvas) => Picture {
  const { width, height, cells, tensor: { source } } = plane;
  if (source.kind !== "memory") throw new NotFound(`${plane.tensor.name} has a single plane`);
  const { buffer, byteOffset, byteLength } = source.bytes;
  const all = new Float32Array(buffer, byteOffset, byteLength / 4);
  const [along, across] = [1, 2].map((c) => all.subarray(c * cells, (c + 1) * cells)) as [
    Float32Array,
    Float32Array,
  ];
  const [low, high] = clamp ?? [-Infinity, Infinity];
  const brightness = (value: number) => {
    const at = (1 + shadeTo(shade, Math.max(low, Math.min(high, value)))) / 2;
    return at > 0 ? Math.min(1, at) : 0;
  };
  /** Of a block of `side` cells, its first at (left, top). */
  const angle = (left: number, top: number, side: number): number | null => {
    if (!hued) return null;
    let x = 0, y = 0;
    for (let row = top; row < Math.min(height, top + side); row++) {
      for (let column = left; column < Math.min(width, left + side); column++) {
        const cell = row * width + column;
        if (cell >= cells) continue;
        x += along[cell]!;
        y += across[cell]!;
      }
    }
    return Math.atan2(y, x);
  };
  const colourOf = (value: number, x: number, y: number, side = 1): Colour => {
    if (Number.isNaN(value)) return NOT_A_NUMBER;
    return value === Infinity ? INFINITE : hueAt(angle(x, y, side), brightness(value));
  };
  return (canvas) => {
    const { ops, columns, rows, log2, x, y, pixelsPerCell: p } = canvas;
    const values = log2 < 0 ? enlarge(canvas) : blocks(canvas);
    if (p >= PRINTED) {
      return {
        kind: "rgba",
        pixels: openCells(canvas, { side: 1, ground: colourOf, microcells: () => [] }),
        values,
      };
    }
    const pixels = ops.scratch(columns * rows * 4).fill(0), side = 2 ** Math.max(0, log2);
    for (let row = 0; row < canvas.height; row++) {
      const top = log2 < 0 ? y + Math.floor(row / p) : (y + row) * side;
      for (let column = 0; column < canvas.width; column++) {
        const left = log2 < 0 ? x + Math.floor(column / p) : (x + column) * side;
        const from = row * columns + column;
        const colour = colourOf(values[from]!, left, top, side);
        pixels.set([colour >> 16, colour >> 8 & 0xff, colour & 0xff, 255], from * 4);
      }
    }
    canvas.forEachGap((from, to) => {
      pixels.fill(0, 4 * from, 4 * to);
      values.fill(NaN, from, to);
    });
    return { kind: "rgba", pixels, values };
  };
}
