import type { Canvas } from "../field/canvas.ts";
import { ADVANCE, LINE, spell, write } from "./glyphs.ts";

/** Pixels a cell from which its value is printed in it. */
export const PRINTED = 32;

// Pixels a cell from which a frame of the cell's own colour holds its microcells together.
const FRAMED = 16;

/** What a cell shows once it is opened: computed over its 3 × 3 neighbourhood on the plane. */
export interface Neighbourhood {
  /** The cell's own value. */
  readonly value: number;
  readonly mean: number;
  readonly variance: number;
  /** |∇| at the cell: captured, or else of central differences. */
  readonly gradient: number;
  readonly isCaptured: boolean;
  /** H(p) of the share p of positives among non-zeros; 0 where all are zero. */
  readonly entropy: number;
  readonly min: number;
  readonly max: number;
  /** Share of exact zeros. */
  readonly zeros: number;
}

/** One colour, 0xRRGGBB. */
export type Colour = number;

/** How an opened cell is painted. */
export interface Opening {
  /** Microcells a side: 2 or 3; 1 keeps the cell closed. */
  readonly side: 1 | 2 | 3;
  /** The cell's own colour. */
  ground(value: number, x: number, y: number): Colour;
  /** The colours of its microcells, row by row; `side`² of them. */
  microcells(cell: Neighbourhood, x: number, y: number): readonly Colour[];
}

/** The tile's cells, or what is drawn of them, enlarged to squares of `pixelsPerCell`, each one value. */
export function enlarge(
  canvas: Canvas,
  draw = (cells: Canvas): Float32Array => cells.cells(),
): Float32Array {
  const { columns, width, height, pixelsPerCell: p } = canvas;
  const closed = canvas.closed();
  const values = draw(closed);
  const out = canvas.blank();
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / p) * closed.columns;
    for (let x = 0; x < width; x++) out[y * columns + x] = values[row + Math.floor(x / p)]!;
  }
  return out;
}

/** The tile's cells as little pictures: microcells, and from `PRINTED` pixels on the value in figures. */
export function openCells(canvas: Canvas, opening: Opening): Uint8Array {
  const { ops, columns, rows, width, height, pixelsPerCell: p, reader: { plane } } = canvas;
  const { values, width: across, height: down } = canvas.bordered();
  const slopes = canvas.slopes();
  const pixels = ops.scratch(columns * rows * 4).fill(0);
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, columns * rows);
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      const x = canvas.x + column, y = canvas.y + row;
      if (y * plane.width + x >= plane.cells) continue;
      const at = (row + 1) * (across + 2) + column + 1;
      const inside = {
        left: x > 0,
        right: x + 1 < plane.width,
        top: y > 0,
        bottom: y + 1 < plane.height,
      };
      const near = neighbourhood(values, at, across + 2, inside);
      const slope = slopes && Math.abs(slopes[row * across + column]!);
      const cell = slope === null ? near : { ...near, gradient: slope, isCaptured: true };
      const ground = opening.ground(cell.value, x, y);
      const left = column * p, top = row * p;
      const down = Math.min(p, height - top), along = Math.min(p, width - left);
      fill(words, columns, left, top, along, down, ground);
      if (opening.side > 1) {
        const shades = opening.microcells(cell, x, y);
        const margin = p >= FRAMED ? p >> 3 : 0;
        const tall = p >= PRINTED ? p - bandHeight(p) - margin : p - 2 * margin;
        const wide = p - 2 * margin;
        const edge = (i: number, size: number) => margin + Math.round(i * size / opening.side);
        for (const [i, shade] of shades.entries()) {
          const [mx, my] = [i % opening.side, Math.floor(i / opening.side)];
          const width = Math.min(along, edge(mx + 1, wide)) - edge(mx, wide);
          const height = Math.min(down, edge(my + 1, tall)) - edge(my, tall);
          fill(words, columns, left + edge(mx, wide), top + edge(my, tall), width, height, shade);
        }
      }
      if (p >= PRINTED) {
        const line = opening.side === 1 ? (p - bandHeight(p)) >> 1 : p - bandHeight(p);
        print(words, columns, left, top + line, p, cell.value, ground);
      }
    }
  }
  return pixels;
}

/** Pixels that the figure takes up, with room above and below. */
const bandHeight = (p: number) => (LINE + 4) * Math.floor(p / PRINTED);

function print(
  words: Uint32Array,
  columns: number,
  left: number,
  top: number,
  p: number,
  value: number,
  ground: Colour,
): void {
  const scale = Math.floor(p / PRINTED);
  const text = spell(value, Math.floor((p / scale - 2) / ADVANCE));
  const ink = opaque(luminance(ground) > 0.18 ? 0x101418 : 0xffffff);
  const x = left + ((p - (text.length * ADVANCE - 1) * scale) >> 1);
  write(text, x, top + 2 * scale, scale, (x, y) => words[y * columns + x] = ink);
}

function fill(
  words: Uint32Array,
  columns: number,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: Colour,
): void {
  for (let row = y; row < y + height; row++) {
    words.fill(opaque(colour), row * columns + x, row * columns + x + Math.max(0, width));
  }
}

function neighbourhood(
  values: Float32Array,
  at: number,
  pitch: number,
  { left, right, top, bottom }: Record<"left" | "right" | "top" | "bottom", boolean>,
): Neighbourhood {
  const near: number[] = [];
  for (let dy = top ? -1 : 0; dy <= (bottom ? 1 : 0); dy++) {
    for (let dx = left ? -1 : 0; dx <= (right ? 1 : 0); dx++) {
      const value = values[at + dy * pitch + dx]!;
      if (Number.isFinite(value)) near.push(value);
    }
  }
  const n = near.length;
  const mean = near.reduce((sum, v) => sum + v, 0) / n;
  const gx = (values[at + 1]! - values[at - 1]!) / 2;
  const gy = (values[at + pitch]! - values[at - pitch]!) / 2;
  const zeros = near.filter((v) => v === 0).length;
  const positive = near.filter((v) => v > 0).length;
  return {
    value: values[at]!,
    mean,
    variance: near.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n,
    gradient: Math.hypot(gx, gy) || 0,
    isCaptured: false,
    entropy: entropy(n > zeros ? positive / (n - zeros) : 0),
    min: n > 0 ? Math.min(...near) : NaN,
    max: n > 0 ? Math.max(...near) : NaN,
    zeros: n > 0 ? zeros / n : 0,
  };
}

const entropy = (p: number) =>
  p <= 0 || p >= 1 ? 0 : -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);

// Little-endian RGBA.
const opaque = (colour: Colour) =>
  (0xff000000 | (colour & 0xff) << 16 | (colour & 0xff00) | colour >> 16) >>> 0;

/** Relative luminance of an sRGB colour, 0..1 (WCAG 2). */
function luminance(colour: Colour): number {
  const channel = (shift: number) => {
    const v = (colour >> shift & 0xff) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0);
}
