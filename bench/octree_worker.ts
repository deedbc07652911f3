/// <reference lib="webworker" />
import type { Brick, MergeRule } from "../src/compute/ops.ts";
import { wasm as ops } from "../src/compute/wasm.ts";
import { mergeBricks, type ReadBrick } from "../src/field/octree.ts";
import { type Box, boxOf, type BrickGrid, gridOf, mortonOrder } from "../src/field/octree/grid.ts";
import type { BrickLists } from "../src/field/octree/lists.ts";
import { foldVolume } from "../src/field/volume.ts";
import { readBrick } from "../src/field/volume/bricks.ts";
import { rowMajor, type TensorInfo } from "../src/formats/format.ts";
import { FileSource } from "../src/storage/file.ts";

/** A share of the bricks of a raw float32 cube. */
export interface Share {
  readonly path: string;
  readonly side: number;
  readonly from: number;
  readonly to: number;
  readonly rule: MergeRule;
  /** Whether bricks are read from the file one by one; else all cells are near the kernels before. */
  readonly isRead: boolean;
}

/** The lists, and milliseconds that making them took. */
export interface Merged {
  readonly lists: BrickLists;
  readonly spent: number;
}

/** Pages of the last lists, which nobody looks at any more when the next ones are asked for. */
let pages: SharedArrayBuffer[] = [];

self.onmessage = ({ data }: MessageEvent<Share>) => {
  const { path, side, from, to, rule, isRead } = data;
  const source = new FileSource(path);
  const free = pages;
  const lend = (bytes: number) => {
    const fits = free.findIndex(({ byteLength }) => byteLength >= bytes);
    return fits < 0 ? new SharedArrayBuffer(bytes) : free.splice(fits, 1)[0]!;
  };
  ops.frame(() => {
    const grid = gridOf(side, side, side);
    const read = isRead ? fromFile(source, side) : near(source, grid, from, to);
    const began = performance.now();
    const lists = mergeBricks(ops, read, grid, rule, from, to, { lend });
    const spent = performance.now() - began;
    pages = [...lists.pages, ...free];
    self.postMessage({ lists, spent } satisfies Merged);
  });
  source.close();
};

/** Puts all the slices that a share's bricks lie in near the kernels. */
function near(source: FileSource, grid: BrickGrid, from: number, to: number): ReadBrick {
  const [side] = grid.sides;
  const boxes = mortonOrder(grid).slice(from, to).map((place) => boxOf(grid, place));
  const first = Math.min(...boxes.map(({ z }) => z));
  const last = Math.max(...boxes.map(({ z, depth }) => z + depth));
  const slice = side * side;
  const bytes = ops.scratch((last - first) * slice * 4);
  source.readSync(first * slice * 4, bytes);
  const cells = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return ({ x, y, z, width, height, depth }: Box): Brick => ({
    values: cells,
    start: (z - first) * slice + y * side + x,
    ...{ pitch: side, slice, width, height, depth },
  });
}

function fromFile(source: FileSource, side: number): ReadBrick {
  const shape = [side, side, side];
  const tensor: TensorInfo = {
    ...{ name: "cube", dtype: "F32", shape, strides: rowMajor(shape), bigEndian: false },
    ...{ source: source.ref, offset: 0, bytes: source.size },
  };
  const volume = foldVolume(tensor, { x: [2], y: [1], z: [0] });
  const clock = { read: 0, decode: 0 };
  const reader = { volume, source: () => source, ops, clock, cancelled: () => {} };
  return (box) => readBrick(reader, box);
}
