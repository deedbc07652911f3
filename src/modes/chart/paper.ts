import { lengthOf, strokesOf } from "./letters.ts";

/** A point of an image, in its pixels. */
export type Point = readonly [x: number, y: number];
export type Path = readonly Point[];

/** 0xRRGGBB. */
export type Ink = number;

/** A rectangle of an image, in its pixels. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What lines are drawn with. */
export interface Pen {
  readonly ink: Ink;
  /** Pixels, at least. */
  readonly width: number;
  readonly opacity?: number;
  /** Pixels that are drawn and left out by turns, from the path's beginning. */
  readonly dashes?: readonly number[];
}

/** The part of an image that a tile shows. */
export interface Sight {
  /** Pixels that the whole image is wide. */
  readonly size: number;
  /** Pixels that stand for one of an ordinary screen. */
  readonly density: number;
  /** Its first pixel. */
  readonly x: number;
  readonly y: number;
  /** Pixels that show some of the image, and those of the tile. */
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
}

const WHOLE: Frame = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };

/**
 * A tile of an image that is drawn in lines, smoothed at their edges by how much of a pixel they cover. Places
 * are those in the whole image, so that tiles join without a seam.
 */
export class Paper {
  /** RGBA8; transparent beyond the image. */
  readonly pixels: Uint8Array;
  /** A number for each pixel, NaN until it is set. */
  readonly values: Float32Array;
  readonly #cover: Float32Array;

  constructor(readonly sight: Sight, ground: Ink) {
    const { columns, rows, width, height } = sight;
    this.pixels = new Uint8Array(4 * columns * rows);
    this.values = new Float32Array(columns * rows).fill(NaN);
    this.#cover = new Float32Array(columns * rows);
    const channels = channelsOf(ground);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) this.pixels.set([...channels, 255], 4 * (y * columns + x));
    }
  }

  /** Whether something that reaches from one place to another may be seen. */
  sees({ left, top, right, bottom }: Frame): boolean {
    const { x, y, width, height } = this.sight;
    return right >= x && left <= x + width && bottom >= y && top <= y + height;
  }

  /** Draws paths as one: where they cross, they are no darker. Only what lies in `within` is drawn. */
  lines(paths: readonly Path[], pen: Pen, within: Frame = WHOLE): void {
    const { ink, width, opacity = 1, dashes } = pen, half = width / 2;
    const box = this.#inside(within);
    const drawn = dashes
      ? paths.flatMap((path) => dashed(path, dashes, this.#around(within, half + 1)))
      : paths;
    let isSeen = false;
    for (const path of drawn) {
      for (let i = 0; i < path.length; i++) {
        const from = path[i]!, to = path[i + 1] ?? from;
        if (i > 0 && i === path.length - 1) break;
        isSeen = this.#segment(from, to, half, box) || isSeen;
      }
    }
    if (isSeen) this.#blend(ink, opacity, box);
  }

  /** Dots of a radius in pixels; hollow ones show the ground within. */
  dots(places: readonly Point[], radius: number, ink: Ink, within: Frame = WHOLE): void {
    this.lines(places.map((place) => [place]), { ink, width: 2 * radius }, within);
  }

  /** Fills rectangles, as one. */
  fill(frames: readonly Frame[], ink: Ink, opacity: number, within: Frame = WHOLE): void {
    const box = this.#inside(within), { x, y, columns } = this.sight;
    let isSeen = false;
    for (const { left, top, right, bottom } of frames) {
      const [x0, x1] = [
        Math.max(box.left, Math.floor(left) - x),
        Math.min(box.right, Math.ceil(right) - x),
      ];
      const [y0, y1] = [
        Math.max(box.top, Math.floor(top) - y),
        Math.min(box.bottom, Math.ceil(bottom) - y),
      ];
      for (let row = y0; row < y1; row++) {
        const tall = Math.min(bottom, y + row + 1) - Math.max(top, y + row);
        for (let column = x0; column < x1; column++) {
          const wide = Math.min(right, x + column + 1) - Math.max(left, x + column);
          const at = row * columns + column;
          this.#cover[at] = Math.min(1, this.#cover[at]! + Math.max(0, tall) * Math.max(0, wide));
          isSeen = true;
        }
      }
    }
    if (isSeen) this.#blend(ink, opacity, box);
  }

  /** Writes a line whose capitals are `size` pixels tall, from (x, y), to there, or with that in its middle. */
  text(
    text: string,
    x: number,
    y: number,
    { size, ink, from = "start", bold = false }: Lettering,
  ): void {
    const length = lengthOf(text, size);
    const left = x - (from === "start" ? 0 : from === "end" ? length : length / 2);
    const frame = {
      left: left - 2,
      top: y - 1.5 * size,
      right: left + length + 2,
      bottom: y + size,
    };
    if (!this.sees(frame)) return;
    const width = Math.max(1, size * (bold ? 0.17 : 0.12));
    this.lines(strokesOf(text, left, y, size), { ink, width });
  }

  /** Gives a number to every pixel of a column, by its middle in the image. */
  number(within: Frame, valueAt: (x: number) => number): void {
    const { left, right, top, bottom } = this.#inside(within), { columns, x } = this.sight;
    for (let column = left; column < right; column++) {
      const value = valueAt(x + column + 0.5);
      for (let row = top; row < bottom; row++) this.values[row * columns + column] = value;
    }
  }

  /** A frame in whole pixels of the tile. */
  #inside({ left, top, right, bottom }: Frame): Frame {
    const { x, y, width, height } = this.sight;
    return {
      left: Math.max(0, Math.round(left) - x),
      top: Math.max(0, Math.round(top) - y),
      right: Math.min(width, Math.round(right) - x),
      bottom: Math.min(height, Math.round(bottom) - y),
    };
  }

  /** What of a frame the tile shows, in the image, and so many pixels more. */
  #around(within: Frame, more: number): Frame {
    const { left, top, right, bottom } = this.#inside(within), { x, y } = this.sight;
    return {
      left: left + x - more,
      top: top + y - more,
      right: right + x + more,
      bottom: bottom + y + more,
    };
  }

  /** Covers pixels by their middle's distance to a line with round ends. */
  #segment([ax, ay]: Point, [bx, by]: Point, half: number, box: Frame): boolean {
    const { x, y, columns } = this.sight, reach = half + 0.5;
    const x0 = Math.max(box.left, Math.floor(Math.min(ax, bx) - reach - x));
    const x1 = Math.min(box.right, Math.ceil(Math.max(ax, bx) + reach - x));
    const y0 = Math.max(box.top, Math.floor(Math.min(ay, by) - reach - y));
    const y1 = Math.min(box.bottom, Math.ceil(Math.max(ay, by) + reach - y));
    if (!(x0 < x1 && y0 < y1)) return false;
    const dx = bx - ax, dy = by - ay, squared = dx * dx + dy * dy;
    for (let row = y0; row < y1; row++) {
      const py = y + row + 0.5 - ay;
      for (let column = x0; column < x1; column++) {
        const px = x + column + 0.5 - ax;
        const along = squared > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / squared)) : 0;
        const far = Math.hypot(px - along * dx, py - along * dy);
        const cover = Math.min(1, reach - far), at = row * columns + column;
        if (cover > this.#cover[at]!) this.#cover[at] = cover;
      }
    }
    return true;
  }

  #blend(ink: Ink, opacity: number, { left, top, right, bottom }: Frame): void {
    const [r, g, b] = channelsOf(ink), { columns } = this.sight, { pixels } = this;
    for (let row = top; row < bottom; row++) {
      for (let at = row * columns + left; at < row * columns + right; at++) {
        const share = this.#cover[at]! * opacity;
        if (share === 0) continue;
        this.#cover[at] = 0;
        pixels[4 * at] = Math.round(pixels[4 * at]! + (r - pixels[4 * at]!) * share);
        pixels[4 * at + 1] = Math.round(pixels[4 * at + 1]! + (g - pixels[4 * at + 1]!) * share);
        pixels[4 * at + 2] = Math.round(pixels[4 * at + 2]! + (b - pixels[4 * at + 2]!) * share);
      }
    }
  }
}

/** How a line of text is written. */
export interface Lettering {
  readonly size: number;
  readonly ink: Ink;
  readonly from?: "start" | "middle" | "end";
  readonly bold?: boolean;
}

const channelsOf = (ink: Ink): [number, number, number] => [ink >> 16, ink >> 8 & 255, ink & 255];

/** The dashes of a path that may be seen in a frame: what is drawn and left out is counted from its beginning. */
function dashed(path: Path, dashes: readonly number[], within: Frame): Path[] {
  const whole = dashes.reduce((sum, each) => sum + each, 0), out: Path[] = [];
  for (let i = 1, before = 0; i < path.length; i++) {
    const [ax, ay] = path[i - 1]!, [bx, by] = path[i]!, length = Math.hypot(bx - ax, by - ay);
    const part = clipped(path[i - 1]!, path[i]!, within);
    if (!(length > 0 && length < Infinity)) continue;
    const at = (along: number): Point => {
      const share = (along - before) / length;
      return [ax + (bx - ax) * share, ay + (by - ay) * share];
    };
    const [from, to] = part
      ? part.map((share) => before + share * length) as [number, number]
      : [0, 0];
    for (let start = Math.floor(from / whole) * whole; part && start < to; start += whole) {
      let begin = start;
      for (let k = 0; k < dashes.length; k += 2) {
        const end = begin + dashes[k]!;
        if (end > from && begin < to) out.push([at(Math.max(begin, from)), at(Math.min(end, to))]);
        begin = end + (dashes[k + 1] ?? 0);
      }
    }
    before += length;
  }
  return out;
}

/**
 * Shares of the way between two points at which a line enters a frame and leaves it; null where it does not touch
 * it. Source: Y.-D. Liang, B. A. Barsky, "A new concept and method for line clipping" (1984).
 */
function clipped([ax, ay]: Point, [bx, by]: Point, frame: Frame): [number, number] | null {
  let from = 0, to = 1;
  const sides = [
    [ax - bx, ax - frame.left],
    [bx - ax, frame.right - ax],
    [ay - by, ay - frame.top],
    [by - ay, frame.bottom - ay],
  ] as const;
  for (const [step, room] of sides) {
    if (step === 0 && !(room >= 0)) return null;
    if (step < 0) from = Math.max(from, room / step);
    if (step > 0) to = Math.min(to, room / step);
  }
  return from < to ? [from, to] : null;
}
