import {
  NEGATIVE_INFINITY,
  NOT_A_NUMBER,
  type Ops,
  OUTSIDE,
  POSITIVE_INFINITY,
  type Shade,
} from "../compute/ops.ts";
import type { Window } from "../field/canvas.ts";
import { palette } from "../modes/colour.ts";
import { shadeTo } from "../modes/normalize.ts";
import type { Drawn } from "./render.ts";

/** A map's blocks from some size outwards, in shared memory. */
export interface Overview {
  /** log2 of the cells a side of a block of the first level. */
  readonly grid: number;
  readonly levels: readonly OverviewLevel[];
}

/** A grid of blocks, an array each. */
export interface OverviewLevel {
  readonly width: number;
  readonly height: number;
  /** Float32: means of the finite cells; NaN where there is none. */
  readonly means: SharedArrayBuffer;
  /** Uint32: finite cells. */
  readonly counts: SharedArrayBuffer;
  /** Int32: the number of the plane that has most of it; −1 for none. */
  readonly owners: SharedArrayBuffer;
}

/** How the blocks of each plane are coloured: five numbers a plane, and what all share. */
export interface Tints {
  readonly curve: Shade["curve"];
  readonly colormap: string;
  readonly reverse: boolean;
  /** Float64: center, scale, gain, and the ends of the clamp, infinite for none. */
  readonly table: SharedArrayBuffer;
}

export const TINT = 5;

/** Draws blocks of a map that many planes may share, each by the scale of the one with most of it. */
export function drawOverview(
  ops: Ops,
  { grid, levels }: Overview,
  { log2, x, y, width, height, columns, rows }: Window,
  { curve, colormap, reverse, table }: Tints,
): Drawn {
  const level = levels[Math.min(log2 - grid, levels.length - 1)]!;
  const means = new Float32Array(level.means), owners = new Int32Array(level.owners);
  const tints = new Float64Array(table);
  const { buffer, byteOffset } = ops.scratch(columns * rows * 4);
  const values = new Float32Array(buffer, byteOffset, columns * rows).fill(NaN);
  const indices = ops.scratch(columns * rows).fill(OUTSIDE);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const block = (y + row) * level.width + x + column;
      const plane = owners[block]!;
      if (plane < 0) continue;
      const pixel = row * columns + column;
      const value = values[pixel] = means[block]!;
      const t = plane * TINT;
      const shade = { curve, center: tints[t]!, scale: tints[t + 1]!, gain: tints[t + 2]! };
      const clamped = Math.max(tints[t + 3]!, Math.min(tints[t + 4]!, value));
      indices[pixel] = entryOf(shade, clamped);
    }
  }
  const colors = palette(colormap, reverse);
  return {
    values,
    pixels: { kind: "indexed", indices, palette: colors, width: columns, height: rows },
  };
}

/** As `Ops.shade` has it. */
export function entryOf(shade: Shade, value: number): number {
  if (Number.isNaN(value)) return NOT_A_NUMBER;
  if (!Number.isFinite(value)) return value > 0 ? POSITIVE_INFINITY : NEGATIVE_INFINITY;
  return Math.max(0, Math.min(250, Math.round(125 + 125 * shadeTo(shade, value))));
}

/** The plane that has most of a block of the level `level` of an overview; −1 for none. */
export function ownerOf({ levels }: Overview, level: number, x: number, y: number): number {
  const { owners, width } = levels[Math.min(level, levels.length - 1)]!;
  return new Int32Array(owners)[y * width + x] ?? -1;
}
