import type { Inspection } from "./api.ts";
import type { Point } from "./state.ts";

/** A block of cells as the server numbers them: native ones where `log2` is 0. */
export interface Block extends Point {
  readonly log2: number;
}

/** Cells that are read as one: a block or, in an octree, the face of the cube that is drawn there. */
export interface Square extends Point {
  readonly side: number;
}

/** The cells that what was found at a block is of. Cubes lie at multiples of their side, along any axis. */
export function squareOf({ x, y, log2 }: Block, found?: Pick<Inspection, "cube">): Square {
  const size = 2 ** log2, side = Math.max(size, found?.cube?.side ?? 1);
  const start = (at: number) => at * size - at * size % side;
  return { x: start(x), y: start(y), side };
}

/** What was read, if a block lies in it, else the block. */
export function around(square: Square | null, block: Block): Square {
  const own = squareOf(block);
  const isIn = (from: number, at: number) => from <= at && at + own.side <= from + square!.side;
  return square && isIn(square.x, own.x) && isIn(square.y, own.y) ? square : own;
}
