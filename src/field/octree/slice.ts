import { INNER } from "../../compute/octree.ts";
import type { Octree } from "../octree.ts";
import type { BrickRecord } from "./lists.ts";
import { brickAt, childOf, meanOf } from "./records.ts";

/** Along which a volume is cut. */
export type Axis = "x" | "y" | "z";

/**
 * A rectangle of a slice, in pixels of 2^`detail` cells a side. Of the two axes that are left, in the
 * order x, y, z, the first runs across and the second down.
 */
export interface SliceRect {
  readonly axis: Axis;
  /** In cells, along that axis. */
  readonly index: number;
  readonly detail: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What a slice shows, row by row. */
export interface SlicePixels {
  /** The mean of the node that a pixel shows; NaN where it has no finite cell, and beyond the volume. */
  readonly means: Float32Array;
  /** That node's level, so that edges of leaves can be drawn: never below `detail`. */
  readonly levels: Uint8Array;
}

/** The level of pixels beyond the volume. */
export const BEYOND = 255;

/**
 * Draws a rectangle of a slice: each pixel is the leaf that it lies in or, where leaves are smaller,
 * the node of 2^`detail` cells a side, all of it: also what lies before and behind the slice. Throws
 * `RangeError` where the slice is not in the volume or a number is no whole one.
 */
export function drawSlice(tree: Octree, rect: SliceRect): SlicePixels {
  check(tree, rect);
  const length = rect.width * rect.height;
  const pixels = {
    means: new Float32Array(length).fill(NaN),
    levels: new Uint8Array(length).fill(BEYOND),
  };
  new Drawing(tree, rect, pixels).top(tree.top.length - 1, 0, 0);
  return pixels;
}

function check({ grid }: Octree, rect: SliceRect): void {
  const { axis, index, detail, x, y, width, height } = rect;
  const side = grid.sides["xyz".indexOf(axis)]!;
  if (!(index >= 0 && index < side && Number.isInteger(index))) {
    throw new RangeError(`slice: ${axis} = ${index} is not among 0..${side - 1}`);
  }
  if (![x, y, width, height, detail].every((n) => n >= 0 && Number.isSafeInteger(n))) {
    throw new RangeError(
      `slice: ${width} × ${height} pixels of 2^${detail} cells at ${x}, ${y} are no rectangle`,
    );
  }
}

/** Goes down from the root to what a rectangle shows. */
class Drawing {
  readonly #tree: Octree;
  readonly #rect: SliceRect;
  readonly #pixels: SlicePixels;
  /** Which bit of a child's number is its place across, down and along the axis. */
  readonly #bits: readonly [number, number, number];
  /** Pixels of the volume, across and down. */
  readonly #extent: readonly [number, number];

  constructor(tree: Octree, rect: SliceRect, pixels: SlicePixels) {
    this.#tree = tree;
    this.#rect = rect;
    this.#pixels = pixels;
    const through = "xyz".indexOf(rect.axis);
    const [across, down] = [0, 1, 2].filter((axis) => axis !== through) as [number, number];
    this.#bits = [across, down, through];
    const extent = (axis: number) => Math.ceil(tree.grid.sides[axis]! / 2 ** rect.detail);
    this.#extent = [extent(across), extent(down)];
  }

  /** A node of the levels from bricks up, at a place of its level. */
  top(at: number, across: number, down: number): void {
    const { level, sides, states, figures } = this.#tree.top[at]!;
    const place: [number, number, number] = [0, 0, 0];
    const through = Math.floor(this.#rect.index / 2 ** level);
    for (const [i, axis] of this.#bits.entries()) place[axis] = [across, down, through][i]!;
    const [x, y, z] = place;
    if (x >= sides[0] || y >= sides[1] || z >= sides[2]) return;
    const node = (z * sides[1] + y) * sides[0] + x;
    if (states[node] !== INNER || level <= this.#rect.detail) {
      return this.#fill(level, across, down, figures.means[node]!);
    }
    if (!this.#shows(level, across, down)) return;
    if (at === 0) return this.#inner(brickAt(this.#tree, x, y, z), level, 0, across, down);
    for (let n = 0; n < 4; n++) this.top(at - 1, 2 * across + (n & 1), 2 * down + (n >> 1));
  }

  /** The children of an inner node of a brick that the slice goes through. */
  #inner(record: BrickRecord, level: number, index: number, across: number, down: number): void {
    const [a, d, t] = this.#bits;
    const below = level - 1;
    const through = Math.floor(this.#rect.index / 2 ** below) & 1;
    for (let n = 0; n < 4; n++) {
      const [column, row] = [2 * across + (n & 1), 2 * down + (n >> 1)];
      if (!this.#shows(below, column, row)) continue;
      const child = childOf(record, level, index, (n & 1) << a | n >> 1 << d | through << t);
      if (child.inner && below > this.#rect.detail) {
        this.#inner(record, below, child.index, column, row);
      } else this.#fill(below, column, row, meanOf(record, below, child));
    }
  }

  /** Whether any pixel of a node, at a place of its level, is in the rectangle. */
  #shows(level: number, across: number, down: number): boolean {
    const { x, y, width, height, detail } = this.#rect;
    const side = 2 ** (level - detail);
    return across * side < x + width && (across + 1) * side > x && down * side < y + height &&
      (down + 1) * side > y;
  }

  #fill(level: number, across: number, down: number, mean: number): void {
    const { x, y, width, height, detail } = this.#rect;
    // A root may be smaller than a pixel.
    const side = 2 ** Math.max(0, level - detail);
    const [left, right] = [across * side - x, Math.min((across + 1) * side, this.#extent[0]) - x];
    const [top, bottom] = [down * side - y, Math.min((down + 1) * side, this.#extent[1]) - y];
    const [from, to] = [Math.max(0, left), Math.min(width, right)];
    for (let row = Math.max(0, top); row < Math.min(height, bottom); row++) {
      this.#pixels.means.fill(mean, row * width + from, row * width + Math.max(from, to));
      this.#pixels.levels.fill(
        Math.max(level, detail),
        row * width + from,
        row * width + Math.max(from, to),
      );
    }
  }
}
