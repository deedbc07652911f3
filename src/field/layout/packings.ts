import { best, costOf, gutterOf, oblong, type Packed, type Shape, turn } from "./shape.ts";
import { pack } from "./skyline.ts";
import type { Stack, Template } from "./template.ts";

/** Choices of shapes for a stack's parts, up to which all are tried. */
const COMBINATIONS = 1000;
/** Parts that are packed at once, at most. */
const MANY = 400;
/** Large parts for which every width that a row of them has is tried. */
const FEW = 8;
/** Shares of what the largest part takes, below which others are put where there is room; at a cost. */
const SMALL = [{ share: 0.005, disorder: 0.01 }, { share: 0.05, disorder: 0.05 }] as const;

/** What is the same for all packings of a stack. */
interface Around {
  readonly gutter: number;
  /** Slots above all of it: as a gutter, for the bars of branches. */
  readonly above: number;
  readonly isBlock: boolean;
}

/**
 * Packings of a stack's parts into strips of several widths, with several shapes of each, until
 * about `effort` rectangles have been placed.
 */
export function packings(
  stack: Stack,
  options: readonly (readonly Shape[])[],
  effort: number,
): Packed[] {
  const isBranch = (part: Template) => part.form === "stack" && part.kind === "branch";
  const above = stack.parts.some(isBranch) ? 1 : 0;
  const around = { gutter: gutterOf(stack), above, isBlock: stack.kind === "block" };
  return search(around, options, effort);
}

function search(
  around: Around,
  options: readonly (readonly Shape[])[],
  effort: number,
): Packed[] {
  if (options.length > MANY) return inChunks(around, options, effort);
  const shapes: Packed[] = [];
  const combinations = options.reduce((product, { length }) => product * length, 1);
  const share = effort / options.length / Math.min(combinations, COMBINATIONS);
  let left = effort;
  /** The least cost of these parts; what they make is among the shapes then. */
  const cheapest = (parts: readonly Shape[]): number => {
    let least = Infinity;
    for (const order of orders(parts)) {
      for (const strip of strips(parts, around.gutter, share / 3)) {
        const shape = packed(around, parts, order, strip);
        shapes.push(shape);
        least = Math.min(least, costOf(shape));
        if ((left -= parts.length) <= 0) return least;
      }
    }
    return least;
  };
  if (combinations <= Math.min(COMBINATIONS, effort / options.length)) {
    for (const parts of combined(options)) cheapest(parts);
  } else {
    let [found, cost]: [readonly Shape[], number] = [[], Infinity];
    for (const parts of alike(options)) {
      const own = cheapest(parts);
      if (own < cost) [found, cost] = [parts, own];
      if (left <= 0) return best(shapes);
    }
    // One part at a time from there, those that take most room first.
    for (const i of bySize(found)) {
      for (const option of options[i]!) {
        if (option === found[i]) continue;
        const parts = found.with(i, option);
        const own = cheapest(parts);
        if (own < cost) [found, cost] = [parts, own];
        if (left <= 0) return best(shapes);
      }
    }
  }
  return best(shapes);
}

/** The same for many parts: some that follow each other are packed first, then those packings. */
function inChunks(
  around: Around,
  options: readonly (readonly Shape[])[],
  effort: number,
): Packed[] {
  const size = Math.ceil(Math.sqrt(options.length));
  const within = { ...around, above: 0, isBlock: false };
  const chunks: Packed[][] = [];
  for (let from = 0; from < options.length; from += size) {
    const some = options.slice(from, from + size);
    chunks.push(search(within, some, effort * some.length / options.length));
  }
  return search(around, chunks, effort).map((whole) => {
    const inner = whole.parts as readonly Packed[];
    const places = (of: "xs" | "ys") =>
      Int32Array.from(
        inner.flatMap((chunk, i) => Array.from(chunk[of], (at) => at + whole[of][i]!)),
      );
    const parts = inner.flatMap((chunk) => chunk.parts);
    return { ...whole, parts, xs: places("xs"), ys: places("ys") };
  });
}

/** Parts in a strip, each at its place in the order of the stack. */
function packed(
  { gutter, above, isBlock }: Around,
  parts: readonly Shape[],
  { order, disorder }: Order,
  strip: number,
): Packed {
  const { width, height, xs, ys } = pack(order.map((i) => parts[i]!), strip, gutter);
  const places = { xs: new Int32Array(parts.length), ys: new Int32Array(parts.length) };
  for (const [n, i] of order.entries()) {
    places.xs[i] = xs[n]!;
    places.ys[i] = ys[n]! + above;
  }
  const size = { width, height: height + above };
  const own = disorder * width * height + (isBlock ? oblong(size) : 0);
  const faults = parts.reduce((sum, part) => sum + part.faults, own);
  return { form: "packed", parts, ...places, ...size, faults };
}

/** An order of parts, and what it costs as a share of the area that it is not theirs. */
interface Order {
  readonly order: readonly number[];
  readonly disorder: number;
}

/** As they come; and the same with small ones last, which then fill what large ones leave. */
function orders(parts: readonly Shape[]): Order[] {
  const all = [...parts.keys()];
  const found: Order[] = [{ order: all, disorder: 0 }];
  for (const { share, disorder } of SMALL) {
    const large = new Set(largeOf(parts, share));
    if (large.size === parts.length) continue;
    found.push({ order: [...large, ...all.filter((i) => !large.has(i))], disorder });
  }
  return found;
}

/** Indices of the parts that have at least this share of what the largest takes. */
function largeOf(parts: readonly Shape[], share: number): number[] {
  const areas = parts.map(({ width, height }) => width * height);
  const least = share * areas.reduce((most, area) => Math.max(most, area), 0);
  return [...areas.keys()].filter((i) => areas[i]! >= least);
}

const bySize = (parts: readonly Shape[]): number[] =>
  [...parts.keys()].sort((a, b) =>
    parts[b]!.width * parts[b]!.height - parts[a]!.width * parts[a]!.height || a - b
  );

/** Every choice of one of each. */
const combined = (options: readonly (readonly Shape[])[]) =>
  options.reduce<Shape[][]>(
    (all, shapes) => all.flatMap((before) => shapes.map((shape) => [...before, shape])),
    [[]],
  );

/** The cheapest of each, and those of a similar aspect. */
function* alike(options: readonly (readonly Shape[])[]): Generator<readonly Shape[]> {
  yield options.map(([first]) => first!);
  for (const aspect of [1, 0.4, 2.5]) {
    const far = ({ width, height }: Shape) => turn(width / height / aspect);
    yield options.map((shapes) => shapes.reduce((a, b) => far(b) < far(a) ? b : a));
  }
}

/** Widths to try: about a square's, and for few parts those of any that follow each other in a row. */
function strips(parts: readonly Shape[], gutter: number, most: number): number[] {
  let widest = 0, area = 0;
  for (const { width, height } of parts) {
    widest = Math.max(widest, width);
    area += (width + gutter) * (height + gutter);
  }
  const square = Math.sqrt(area);
  const widths = new Set<number>();
  const add = (width: number) => {
    if (widths.size < most || widths.size === 0) widths.add(Math.max(widest, Math.ceil(width)));
  };
  for (const factor of [1.05, 0.7, 1.4]) add(square * factor);
  const large = largeOf(parts, SMALL[0].share).map((i) => parts[i]!);
  if (large.length <= FEW) {
    for (let from = 0; from < large.length; from++) {
      let width = -gutter;
      for (const part of large.slice(from)) {
        width += part.width + gutter;
        if (turn(width / square) < 1) add(width);
      }
    }
  }
  for (const factor of [0.85, 1.2, 0.5, 2, 0.6, 1.7]) add(square * factor);
  return [...widths];
}
