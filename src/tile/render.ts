import { OUTSIDE, RAMP } from "../compute/ops.ts";
import type { Canvas } from "../field/canvas.ts";
import type { Picture } from "../modes/mode.ts";
import { palette } from "../modes/colour.ts";
import { encode, type Encoded } from "./encode/table.ts";
import type { Pixels } from "./encode/pixels.ts";
import type { TileFormat, Timings } from "./tile.ts";

/** An encoded tile and what it cost. */
export interface Rendered {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly timings: Timings;
}

/**
 * The pipeline of one tile: cells are read, decoded and drawn by the mode, values become palette
 * entries, entries become a file. Everything but the file lives in scratch memory.
 */
export async function render(
  canvas: Canvas,
  draw: (canvas: Canvas) => Picture,
  format: TileFormat,
): Promise<Rendered> {
  const { ops, reader: { clock } } = canvas;
  clock.read = clock.decode = 0;
  const began = performance.now();
  let drawn = began;
  const encoded = ops.frame((): Encoded => {
    const picture = draw(canvas);
    const pixels = paint(canvas, picture);
    drawn = performance.now();
    return encode(ops, format, pixels, picture.values);
  });
  // Before waiting: another tile may use the same clock meanwhile.
  const { read, decode } = clock;
  const bytes = await encoded;
  const draws = drawn - began - read - decode;
  return { bytes, timings: { read, decode, draw: draws, encode: performance.now() - drawn } };
}

/** A picture with its colours: palette entries where it shows one value, else as it is. */
function paint(canvas: Canvas, picture: Picture): Pixels {
  const { columns: width, rows: height, ops } = canvas;
  if (picture.kind === "rgba") return { kind: "rgba", pixels: picture.pixels, width, height };
  const indices = ops.shade(picture.values, picture.shade);
  clampEntries(canvas, picture, indices);
  canvas.forEachGap((from, to) => {
    indices.fill(OUTSIDE, from, to);
    picture.values.fill(NaN, from, to);
  });
  const colors = palette(picture.colormap, picture.reverse);
  return { kind: "indexed", indices, palette: colors, width, height };
}

/** Clamping values is clamping entries, since shades are monotonic. ±∞ keep their own. */
function clampEntries(
  { ops }: Canvas,
  { clamp, shade }: Picture & { kind: "scalar" },
  indices: Uint8Array,
): void {
  if (!clamp) return;
  const [low = 0, high = RAMP - 1] = ops.shade(Float32Array.from(clamp), shade);
  for (let i = 0; i < indices.length; i++) {
    const entry = indices[i]!;
    if (entry >= RAMP) continue;
    if (entry < low) indices[i] = low;
    else if (entry > high) indices[i] = high;
  }
}
