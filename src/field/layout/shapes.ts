import { pack, type Size } from "./skyline.ts";
import type { Grid, Slot, Stack, Template } from "./template.ts";

/** One way to lay out a template. Sizes and places are in slots of the map's grid. */
export type Shape = Pieces | Columns | Packed;

/** A plane, cut across its longer side where it is long. */
export interface Pieces extends Size {
  readonly form: "pieces";
  /** Whether pieces are cut from left to right, and lie one below the other; else the other way. */
  readonly across: boolean;
  /** Cells from one piece to the next along the plane. */
  readonly step: number;
  /** Slots from one piece to the next on the map. */
  readonly pitch: number;
}

/** Blocks, down the first column, then down the next. */
export interface Columns extends Size {
  readonly form: "columns";
  readonly rows: number;
  readonly gutter: number;
  readonly block: Shape;
}

/** Parts of a stack, in its order. */
export interface Packed extends Size {
  readonly form: "packed";
  readonly parts: readonly Shape[];
  readonly xs: Int32Array;
  readonly ys: Int32Array;
}

/** Slots above a branch, for a bar that tells its norm. */
export const BAR = 1;
/** Planes no longer than this times their shorter side are never cut. */
const LONG = 4;
/** Pieces at least this many slots thick have a gutter between them. */
const THICK = 8;
/** Cells that pieces begin on a multiple of, where they are as long. */
const PIECE = 4096;
/** Shapes that are kept of a template. */
const KEPT = 10;
/** Rectangles placed, over all templates, before less is tried. */
const EFFORT = 2_000_000;
/** The same for one. */
const EFFORT_EACH = 100_000;
/** How small a part is against the largest to be put where there is room. */
const SMALL = 0.02;

/** Gutters of a template: blocks stand further apart than what is in them, up to this. */
const WIDEST = 3;

/** Slots between the parts of a template, or the blocks of one. */
export function gutterOf(template: Template): number {
  switch (template.form) {
    case "slot":
      return 1;
    case "stack":
      return template.parts.reduce((most, part) => Math.max(most, gutterOf(part)), 1);
    case "grid":
      return Math.min(WIDEST, gutterOf(template.block) + (template.count > 1 ? 1 : 0));
  }
}

/** Shapes that a template can take on a grid of `slot` cells, none both wider and higher than another. */
export function shapesOf(template: Template, slot: number): Shape[] {
  const total = slotsIn(template);
  const shapes = (template: Template): Shape[] => {
    switch (template.form) {
      case "slot":
        return pieces(template, slot);
      case "grid":
        return columns(template, shapes(template.block));
      case "stack": {
        const share = template.parts.length / total;
        const effort = Math.min(EFFORT_EACH, EFFORT * share);
        return packings(template, template.parts.map(shapes), effort);
      }
    }
  };
  return shapes(template);
}

function slotsIn(template: Template): number {
  switch (template.form) {
    case "slot":
      return 1;
    case "grid":
      return slotsIn(template.block);
    case "stack":
      return template.parts.reduce((sum, part) => sum + slotsIn(part), 0);
  }
}

/** A plane whole, or in more and more pieces until they would be wider than they are long. */
export function pieces({ width, height }: Slot, slot: number): Pieces[] {
  const across = width > height;
  const [long, short] = across ? [width, height] : [height, width];
  const thick = Math.ceil(short / slot);
  const gutter = thick < THICK ? 0 : 1;
  const made = (step: number, count: number): Pieces => {
    const length = Math.ceil(Math.min(step, long) / slot);
    const breadth = count * (thick + gutter) - gutter;
    const [w, h] = across ? [length, breadth] : [breadth, length];
    return { form: "pieces", across, step, pitch: thick + gutter, width: w, height: h };
  };
  const whole = made(Math.ceil(long / slot) * slot, 1);
  if (long <= LONG * thick * slot) return [whole];
  const square = Math.sqrt(long / (thick * slot));
  const shapes = [whole];
  for (const factor of [0.25, 0.35, 0.5, 0.7, 1, 1.4, 2]) {
    const part = long / Math.max(2, Math.round(square * factor));
    const unit = part >= PIECE ? Math.max(PIECE, slot) : slot;
    const step = Math.ceil(part / unit) * unit;
    const count = Math.ceil(long / step);
    if (step < shapes.at(-1)!.step && count > 1) shapes.push(made(step, count));
  }
  return shapes;
}

/** As many columns as give something between a row and a column of blocks. */
function columns(grid: Grid, blocks: readonly Shape[]): Shape[] {
  const { count } = grid;
  const gutter = gutterOf(grid);
  const shapes: Columns[] = [];
  for (const block of blocks) {
    const square = Math.sqrt(count * block.height / block.width);
    let last = 0;
    for (let n = 1; n <= count; n = n < 24 ? n + 1 : Math.ceil(n * 1.1)) {
      if (count > 8 && (n < square / 3 || n > square * 3)) continue;
      const rows = Math.ceil(count / n);
      if (rows === last) continue;
      last = rows;
      const across = Math.ceil(count / rows);
      shapes.push({
        form: "columns",
        rows,
        gutter,
        block,
        width: across * (block.width + gutter) - gutter,
        height: rows * (block.height + gutter) - gutter,
      });
    }
  }
  return best(shapes);
}

/** Packings of a stack's parts into strips of several widths, with several shapes of each. */
function packings(
  stack: Stack,
  options: readonly (readonly Shape[])[],
  effort: number,
): Shape[] {
  const gutter = gutterOf(stack);
  const above = stack.kind === "branch" ? BAR : 0;
  const count = Math.max(1, options.length);
  const choices = chosen(options, effort / count / 8);
  const shapes: Packed[] = [];
  const each = effort / count / choices.length;
  for (const parts of choices) {
    for (const order of orders(parts)) {
      const sizes = order.map((i) => parts[i]!);
      for (const strip of strips(parts, gutter, each / 2)) {
        const { width, height, xs, ys } = pack(sizes, strip, gutter);
        const place = (of: Int32Array, more: number) => {
          const places = new Int32Array(count);
          for (const [n, i] of order.entries()) places[i] = of[n]! + more;
          return places;
        };
        shapes.push({
          form: "packed",
          parts,
          xs: place(xs, 0),
          ys: place(ys, above),
          width,
          height: height + above,
        });
      }
    }
  }
  return best(shapes);
}

/** As they come; and the same with small ones last, which then fill what large ones leave. */
function orders(parts: readonly Shape[]): number[][] {
  const all = [...parts.keys()];
  const areas = parts.map(({ width, height }) => width * height);
  const least = SMALL * areas.reduce((most, area) => Math.max(most, area), 0);
  const large = all.filter((i) => areas[i]! >= least);
  if (large.length === all.length) return [all];
  return [all, [...large, ...all.filter((i) => areas[i]! < least)]];
}

/** A shape for each part: every combination where they are few, else all of a similar aspect. */
function chosen(options: readonly (readonly Shape[])[], most: number): (readonly Shape[])[] {
  const combinations = options.reduce((product, { length }) => product * length, 1);
  if (combinations > most) {
    const choices = [1, 0.4, 2.5].map((aspect) =>
      options.map((shapes) => least(shapes, (shape) => turn(shape.width / shape.height / aspect)))
    );
    return combinations === 1 ? choices.slice(0, 1) : choices;
  }
  return options.reduce<Shape[][]>(
    (all, shapes) => all.flatMap((before) => shapes.map((shape) => [...before, shape])),
    [[]],
  );
}

/** Widths to try: about a square's, and for few parts those of any that follow each other in a row. */
function strips(parts: readonly Shape[], gutter: number, most: number): number[] {
  let widest = 0, area = 0;
  for (const { width, height } of parts) {
    widest = Math.max(widest, width);
    area += (width + gutter) * (height + gutter);
  }
  const widths = new Set<number>();
  const add = (width: number) => widths.add(Math.max(widest, Math.ceil(width)));
  for (const factor of [1.05, 0.7, 1.4, 0.85, 1.2, 0.5, 2, 0.6, 1.7]) {
    if (widths.size < most || widths.size === 0) add(Math.sqrt(area) * factor);
  }
  if (parts.length <= 8) {
    for (let from = 0; from < parts.length; from++) {
      let width = -gutter;
      for (const part of parts.slice(from)) add(width += part.width + gutter);
    }
  }
  return [...widths];
}

/** Those that no other fits into, the fullest of them that are not too long first. */
function best<T extends Shape>(shapes: readonly T[]): T[] {
  const sorted = shapes.toSorted((a, b) => a.width - b.width || a.height - b.height);
  const front: T[] = [];
  for (const shape of sorted) {
    if (front.length === 0 || shape.height < front.at(-1)!.height) front.push(shape);
  }
  const cost = ({ width, height }: Shape) => width * height * (1 + 0.1 * turn(width / height) ** 2);
  return front.sort((a, b) => cost(a) - cost(b)).slice(0, KEPT);
}

/** How far from 1 a ratio is, either way. */
export const turn = (ratio: number): number => Math.abs(Math.log(ratio));

function least<T>(items: readonly T[], cost: (item: T) => number): T {
  let [first] = items;
  for (const item of items) if (cost(item) < cost(first!)) first = item;
  return first!;
}
