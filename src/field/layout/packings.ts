import { best, costOf, gutterOf, oblong, type Packed, type Shape, turn } from "./shape.ts";
import { pack } from "./skyline.ts";
import type { Stack, Template } from "./template.ts";

/** Choices of shapes for a stack's parts, up to which all are tried. */
const COMBINATIONS = 1000;
/** Parts that are packed at once, at most. */
const MANY = 400;
/** Large parts for which every width that a row of them has is tried. */
const FEW = 8;
/** Shares of what the largest part takes, below which others are put where there is room. */
const SMALL = [0.005, 0.05] as const;

/** Packings of a stack's parts into strips of several widths, with several shapes of each, until
 * about `effort` rectangles have been placed. */
export function packings(
  stack: Stack,
  options: readonly (readonly Shape[])[],
  effort: number,
): Packed[] {
  if (options.length > MANY) return inChunks(stack, options, effort);
  const gutter = gutterOf(stack);
  const shapes: Packed[] = [];
  const combinations = options.reduce((product, { length }) => product * length, 1);
  const share = effort / options.length / Math.min(combinations, COMBINATIONS);
  let left = effort;
  /** The least cost of these parts; what they make is among the shapes then. */
  const cheapest = (parts: readonly Shape[]): number => {
    let least = Infinity;
    for (const order of orders(parts)) {
      for (const strip of strips(parts, gutter, share / 3)) {
        const shape = packed(stack, parts, order, strip, gutter);
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
  stack: Stack,
  options: readonly (readonly Shape[])[],
  effort: number,
): Packed[] {
  const size = Math.ceil(Math.sqrt(options.length));
  const chunks: Packed[][] = [];
  for (let from = 0; from < options.length; from += size) {
    const some = options.slice(from, from + size);
    chunks.push(packings(stack, some, effort * some.length / options.length));
  }
  return packings(stack, chunks, effort).map((whole) => {
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
  stack: Stack,
  parts: readonly Shape[],
  order: readonly number[],
  strip: number,
  gutter: number,
): Packed {
  const above = stack.parts.some(isBranch) ? 1 : 0; // as a gutter: for the bars of branches
  const { width, height, xs, ys } = pack(order.map((i) => parts[i]!), strip, gutter);
  const places = { xs: new Int32Array(parts.length), ys: new Int32Array(parts.length) };
  for (const [n, i] of order.entries()) {
    places.xs[i] = xs[n]!;
    places.ys[i] = ys[n]! + above;
  }
  const size = { width, height: height + above };
  const own = stack.kind === "block" ? oblong(size) : 0;
  const faults = parts.reduce((sum, part) => sum + part.faults, own);
  return { form: "packed", parts, ...places, ...size, faults };
}

const isBranch = (part: Template) => part.form === "stack" && part.kind === "branch";

/** As they come; and the same with small ones last, which then fill what large ones leave. */
function orders(parts: readonly Shape[]): number[][] {
  const all = [...parts.keys()];
  const found = [all];
  for (const share of SMALL) {
    const large = new Set(largeOf(parts, share));
    if (large.size < parts.length) found.push([...large, ...all.filter((i) => !large.has(i))]);
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
  const large = largeOf(parts, SMALL[0]).map((i) => parts[i]!);
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
