/** What to place; sizes in any unit. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where each of a list of sizes lies, and what all of them take. */
export interface Packing extends Size {
  readonly xs: Int32Array;
  readonly ys: Int32Array;
}

/**
 * Places rectangles, in order, into a strip of the given width, each as high up as it goes and then
 * as far left, with at least `gutter` between any two: the bottom-left skyline of Jylänki, "A
 * thousand ways to pack the bin" (2010), upside down. None may be wider than the strip.
 */
export function pack(sizes: readonly Size[], strip: number, gutter: number): Packing {
  const xs = new Int32Array(sizes.length), ys = new Int32Array(sizes.length);
  // Segments of the line below all that is placed: where each starts, and how far down it is.
  const starts = [0], depths = [0];
  const end = strip + gutter;
  let width = 0, height = 0;
  for (let n = 0; n < sizes.length; n++) {
    const across = sizes[n]!.width + gutter, down = sizes[n]!.height + gutter;
    let at = 0, y = Infinity;
    for (let i = 0; i < starts.length && starts[i]! + across <= end; i++) {
      const depth = deepest(starts, depths, i, starts[i]! + across, y);
      if (depth < y) [at, y] = [i, depth];
    }
    const x = starts[at]!;
    xs[n] = x;
    ys[n] = y;
    lower(starts, depths, at, x + across, y + down, end);
    width = Math.max(width, x + sizes[n]!.width);
    height = Math.max(height, y + sizes[n]!.height);
  }
  return { width, height, xs, ys };
}

/** How far down what lies from segment `i` to `right` reaches; `enough` or more where that much. */
function deepest(
  starts: readonly number[],
  depths: readonly number[],
  i: number,
  right: number,
  enough: number,
): number {
  let depth = 0;
  for (; i < starts.length && starts[i]! < right && depth < enough; i++) {
    depth = Math.max(depth, depths[i]!);
  }
  return depth;
}

/** Moves the line from segment `at` to `right` down to `depth`. */
function lower(
  starts: number[],
  depths: number[],
  at: number,
  right: number,
  depth: number,
  end: number,
): void {
  let to = at;
  while (to < starts.length && starts[to]! < right) to++;
  const rest = depths[to - 1]!;
  const [left, goesOn] = [starts[at]!, right < end && (starts[to] ?? end) > right];
  if (goesOn) {
    starts.splice(at, to - at, left, right);
    depths.splice(at, to - at, depth, rest);
  } else {
    starts.splice(at, to - at, left);
    depths.splice(at, to - at, depth);
  }
  const after = at + (goesOn ? 2 : 1);
  if (!goesOn && after < starts.length && depths[after] === depth) drop(starts, depths, after);
  if (at > 0 && depths[at - 1] === depth) drop(starts, depths, at);
}

function drop(starts: number[], depths: number[], at: number): void {
  starts.splice(at, 1);
  depths.splice(at, 1);
}
