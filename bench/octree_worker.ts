/// <reference lib="webworker" />
import { wasm as ops } from "../src/compute/wasm.ts";
import type { Brick, MergeRule } from "../src/compute/ops.ts";
import { mergeBricks } from "../src/field/octree.ts";
import { type Box, boxOf, gridOf, mortonOrder } from "../src/field/octree/grid.ts";
import type { BrickLists } from "../src/field/octree/lists.ts";

/** A share of a cube's bricks; the cells are sent once. */
export interface Share {
  readonly side: number;
  readonly cells?: SharedArrayBuffer;
  readonly from: number;
  readonly to: number;
  readonly rule: MergeRule;
  /** Whether each brick is copied to the kernels first, as what is read from a file is decoded there. */
  readonly copied: boolean;
}

/** The lists, and milliseconds that making them took. */
export interface Merged {
  readonly lists: BrickLists;
  readonly spent: number;
}

let shared: Float32Array = new Float32Array();
self.onmessage = ({ data }: MessageEvent<Share>) => {
  if (data.cells) shared = new Float32Array(data.cells);
  ops.frame(() => {
    const { copied, side, from, to, rule } = data;
    const grid = gridOf(side, side, side);
    const read = copied ? (box: Box) => copyOf(box, side) : nearly(grid, from, to);
    const began = performance.now();
    const lists = mergeBricks(ops, read, grid, rule, from, to);
    const spent = performance.now() - began;
    self.postMessage({ lists, spent } satisfies Merged);
  });
};

/** All the slices that a share's bricks lie in are put near the kernels before the clock starts. */
function nearly(grid: ReturnType<typeof gridOf>, from: number, to: number) {
  const [side] = grid.sides;
  const boxes = mortonOrder(grid).slice(from, to).map((place) => boxOf(grid, place));
  const first = Math.min(...boxes.map(({ z }) => z));
  const last = Math.max(...boxes.map(({ z, depth }) => z + depth));
  const bytes = ops.scratch((last - first) * side * side * 4);
  const cells = new Float32Array(bytes.buffer, bytes.byteOffset, (last - first) * side * side);
  cells.set(shared.subarray(first * side * side, last * side * side));
  return ({ x, y, z, width, height, depth }: Box): Brick => ({
    values: cells,
    start: ((z - first) * side + y) * side + x,
    ...{ pitch: side, slice: side * side, width, height, depth },
  });
}

function copyOf({ x, y, z, width, height, depth }: Box, side: number): Brick {
  return {
    values: shared,
    start: (z * side + y) * side + x,
    ...{ pitch: side, slice: side * side, width, height, depth },
  };
}
