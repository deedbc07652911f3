import { type Axis, marksOf, shareOf } from "./axis.ts";
import type { Frame, Ink, Paper, Path, Pen, Point } from "./paper.ts";

/** Inks of what is drawn around curves. */
export interface Ground {
  readonly ground: Ink;
  readonly grid: Ink;
  readonly edge: Ink;
  readonly text: Ink;
  readonly muted: Ink;
}

export const grounds: Readonly<Record<string, Ground>> = {
  dark: { ground: 0x0f131a, grid: 0x1e2530, edge: 0x46515f, text: 0xe8edf4, muted: 0x93a0b1 },
  light: { ground: 0xffffff, grid: 0xe6eaef, edge: 0xa4aeba, text: 0x1a212b, muted: 0x5d6977 },
};

/** How large lines and letters are in an image: alike at every zoom, but on the smallest ones. */
export interface Look extends Ground {
  /** Pixels of a thin line. */
  readonly line: number;
  /** Pixels that capitals are tall. */
  readonly letter: number;
  /** Whether there is room for words. */
  readonly words: boolean;
}

/** Heights of capitals, by zoom. */
const LETTERS = [5, 6, 9, 10.5];

export function lookOf(ground: Ground, { size, density }: Paper["sight"]): Look {
  const zoom = Math.max(0, Math.round(Math.log2(size / density / 256)));
  const letter = (LETTERS[zoom] ?? LETTERS.at(-1)!) * density;
  return { ...ground, letter, line: (zoom < 2 ? 0.8 : 1) * density, words: zoom > 0 };
}

/** Two axes and the frame between them, in pixels of the image. */
export interface Panel {
  readonly frame: Frame;
  readonly x: Axis;
  readonly y: Axis;
}

/** Where a pair of numbers lies in the image. */
export function pointOf({ frame: { left, right, top, bottom }, x, y }: Panel, at: Point): Point {
  return [
    left + shareOf(x, at[0]) * (right - left),
    bottom - shareOf(y, at[1]) * (bottom - top),
  ];
}

export const pathOf = (panel: Panel, points: readonly Point[]): Path =>
  points.map((point) => pointOf(panel, point));

/** A quiet grid with numbers beside it; deep zooms write them again, so that some are always in sight. */
export function drawGrid(paper: Paper, panel: Panel, look: Look): void {
  const { frame, x, y } = panel, { left, right, top, bottom } = frame;
  const { letter, line, muted } = look;
  const [wide, tall] = [right - left, bottom - top];
  const down = marksOf(x, wide, 3.2 * letter, 5.2 * letter);
  const across = marksOf(y, tall, 2.4 * letter, 3.4 * letter);
  const at = (value: number, other: number): Point => pointOf(panel, [value, other]);
  const columns = down.map(({ value }) => at(value, y.from)[0]);
  const rows = across.map(({ value }) => at(x.from, value)[1]);
  const rules = [
    ...columns.map((x): Path => [[x, top], [x, bottom]]),
    ...rows.map((y): Path => [[left, y], [right, y]]),
  ];
  paper.lines(rules.map(crisp), { ink: look.grid, width: line });
  paper.lines([crisp([[left, bottom], [right, bottom]])], { ink: look.edge, width: line });
  for (const [i, { text }] of down.entries()) {
    if (text === null) continue;
    const lettering = { size: letter, ink: muted, from: "middle" } as const;
    paper.text(text, columns[i]!, bottom + 2 * letter, lettering);
    for (const y of again(bottom, top, paper)) paper.text(text, columns[i]!, y - letter, lettering);
  }
  for (const [i, { text }] of across.entries()) {
    if (text === null) continue;
    const lettering = { size: letter, ink: muted, from: "end" } as const;
    paper.text(text, left - 0.9 * letter, rows[i]! + letter / 2, lettering);
    for (const x of again(left, right, paper)) {
      paper.text(text, x - letter, rows[i]! - letter / 2, lettering);
    }
  }
}

/** Pixels from numbers to the same numbers again. */
const AGAIN = 1024;

function again(from: number, to: number, { sight: { density } }: Paper): number[] {
  const step = AGAIN * density, count = Math.floor(Math.abs(to - from) / step);
  return Array.from({ length: count }, (_, i) => from + Math.sign(to - from) * (i + 1) * step);
}

/** An upright or level line moved to the middle of pixels. */
const crisp = (path: Path): Path =>
  path.map(([x, y]) => [Math.floor(x) + 0.5, Math.floor(y) + 0.5]);

/** A curve's name: its pen or its dots, and what there is to say of it. */
export interface Entry {
  readonly pen: Pen;
  readonly shape: "line" | "dots" | "bars";
  readonly text: string;
}

/** Names of curves, one below the other, from the top left on. */
export function drawKey(
  paper: Paper,
  entries: readonly Entry[],
  [x, y]: Point,
  { letter, text, line }: Look,
): void {
  for (const [i, { pen, shape, text: words }] of entries.entries()) {
    const base = y + i * 1.9 * letter, middle = base - letter / 2;
    const end = x + 2.6 * letter;
    if (shape === "bars") {
      const bar = { left: x, right: end, top: base - letter, bottom: base };
      paper.fill([bar], pen.ink, 0.35);
      paper.lines([[[x, bar.top], [end, bar.top]]], pen);
    } else {
      paper.lines([[[x, middle], [end, middle]]], pen);
      if (shape === "dots") paper.dots([[(x + end) / 2, middle]], 2.2 * line, pen.ink);
    }
    paper.text(words, end + letter, base, { size: letter, ink: text });
  }
}
