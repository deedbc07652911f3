import { LINE, type Ops, OUTSIDE, RAMP } from "../compute/ops.ts";
import { Canvas, cellsUnder, type Place, windowOf } from "../field/canvas.ts";
import type { CellReader } from "../field/cells.ts";
import { hold } from "../field/held.ts";
import { type LevelsRef, openLevels } from "../field/levels.ts";
import type { Picture } from "../modes/mode.ts";
import { palette } from "../modes/colour.ts";
import { encode, type Encoded } from "./encode/table.ts";
import type { Pixels } from "./encode/pixels.ts";
import type { TileFormat, Timings } from "./tile.ts";

/** An encoded tile and what it cost. */
export interface Rendered {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly timings: Timings;
  /** Of a picture that is partly an estimate: see `Drawn`. */
  readonly error?: number;
}

/** A picture and its numbers, one a pixel; in scratch memory. */
export interface Drawn {
  readonly pixels: Pixels;
  readonly values: Float32Array;
  /** Standard error of the pixels that are estimates, in units of their layers' scales. */
  readonly error?: number;
}

/**
 * The pipeline of one tile: cells are read, decoded and drawn by the mode, values become palette
 * entries, entries become a file. Everything but the file lives in scratch memory.
 */
export const render = (
  canvas: Canvas,
  draw: (canvas: Canvas) => Picture,
  format: TileFormat,
): Promise<Rendered> =>
  timed(canvas.ops, canvas.reader.clock, format, () => {
    const picture = draw(canvas);
    return { pixels: paint(canvas, picture), values: picture.values };
  });

/** Tiles as PNG files; cells that several of them show are read once. */
export async function renderTogether(
  reader: CellReader,
  tiles: readonly { readonly place: Place; readonly levels: LevelsRef | null }[],
  draw: (canvas: Canvas) => Picture,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const { plane, ops } = reader;
  const windows = tiles.map(({ place }) => windowOf(plane, place));
  // Each is encoded before the first wait, so that nothing has to be at hand any more then.
  const rendered = ops.frame(() => {
    const near = hold(reader, cellsUnder(plane, windows));
    return windows.map((window, i) => {
      const { levels } = tiles[i]!;
      return render(new Canvas(near, levels && openLevels(levels, near), window), draw, "png");
    });
  });
  return (await Promise.all(rendered)).map(({ bytes }) => bytes);
}

/** Draws and encodes, and tells how long what took; `clock` is what reading adds to. */
export async function timed(
  ops: Ops,
  clock: CellReader["clock"],
  format: TileFormat,
  draw: () => Drawn,
): Promise<Rendered> {
  clock.read = clock.decode = 0;
  const began = performance.now();
  let ended = began, error: number | undefined;
  const encoded = ops.frame((): Encoded => {
    const drawn = draw();
    ended = performance.now();
    error = drawn.error;
    return encode(ops, format, drawn.pixels, drawn.values);
  });
  // Before waiting: another tile may use the same clock meanwhile.
  const { read, decode } = clock;
  const bytes = await encoded;
  const draws = ended - began - read - decode;
  const timings = { read, decode, draw: draws, encode: performance.now() - ended };
  return { bytes, timings, ...(error === undefined ? {} : { error }) };
}

/** What a picture is painted on. */
export interface Ground {
  readonly ops: Ops;
  readonly columns: number;
  readonly rows: number;
  /** Pixels with nothing behind them. */
  forEachGap(visit: (from: number, to: number) => void): void;
}

/** A picture with its colours: palette entries where it shows one value, else as it is. */
export function paint(canvas: Ground, picture: Picture): Pixels {
  const { columns: width, rows: height, ops } = canvas;
  if (picture.kind === "rgba") return { kind: "rgba", pixels: picture.pixels, width, height };
  const indices = ops.shade(picture.values, picture.shade);
  clampEntries(canvas, picture, indices);
  const { lines } = picture;
  if (lines) { for (let i = 0; i < lines.length; i++) if (lines[i] === 1) indices[i] = LINE; }
  canvas.forEachGap((from, to) => {
    indices.fill(OUTSIDE, from, to);
    picture.values.fill(NaN, from, to);
  });
  const colors = palette(picture.colormap, picture.reverse);
  return { kind: "indexed", indices, palette: colors, width, height };
}

/** Clamping values is clamping entries, since shades are monotonic. ±∞ keep their own. */
function clampEntries(
  { ops }: Ground,
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
