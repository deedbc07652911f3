import { bytesOf, type Dtype } from "../../formats/format.ts";
import { TILE } from "../plane.ts";

/** Where a layer's levels lie: plain data. */
export interface StoredPyramid {
  /** Absolute path of the layer's group. */
  readonly folder: string;
  /** Cells of the layer's plane. */
  readonly width: number;
  readonly height: number;
  /** Whether neighbours in the layer's file lie below each other, as in `Plane`. */
  readonly runsDown: boolean;
  /** log2 of the side, in cells, of the smallest blocks, of which the means alone are kept. */
  readonly base: number;
}

/** Blocks of 2^`log2` cells a side. */
export interface StoredLevel {
  readonly log2: number;
  readonly width: number;
  readonly height: number;
  /** Whether all figures are kept, not the means alone. */
  readonly hasStats: boolean;
  /** Blocks of a chunk, which is checked and read as a whole. */
  readonly chunk: Size;
  /** Chunks of a shard, which is a file. */
  readonly shard: Size;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Blocks below this size are computed from the file when they are looked at. */
const NEAREST = 3;
/** Bytes of all levels for each block of the base, where no figure but `zero` is 0 everywhere. */
const PER_BLOCK = 12;
/** Share of a layer's bytes that its levels may take. */
const SHARE = 0.12;

// These are part of the store's format.

/** Tiles that a slab has along the file's runs, at most: 65,536 cells of 16 a block. */
const LONGEST = 16;
/** Tiles that a shorter slab has in all. */
const MOST = 4;
/** Blocks of a chunk, about: rows are long, since they are copied one by one. */
const CHUNK: Size = { width: TILE, height: TILE / 4 };

/** `StoredPyramid.base` of a layer of that type: levels take at most 12 % of its bytes. */
export function storedBase(dtype: Dtype): number {
  let base = NEAREST;
  while (PER_BLOCK > SHARE * bytesOf(dtype, 4 ** base)) base++;
  return base;
}

/**
 * Levels from the base to the first that fits a tile, at least one beyond the base. Those with all
 * figures end where a few tiles hold all of it: further out they are soon merged.
 */
export function storedLevels(pyramid: StoredPyramid): StoredLevel[] {
  const { base } = pyramid;
  const levels: StoredLevel[] = [];
  for (let log2 = base, last = false, hasStats = false; !last; log2++) {
    const { width, height } = sizeAt(pyramid, log2);
    const before = levels.at(-1);
    hasStats = log2 === base + 1 || hasStats && before!.width * before!.height > MOST * TILE ** 2;
    const file = shardSize(pyramid, log2);
    const [across, down] = [
      evenly(width, CHUNK.width, file.width),
      evenly(height, CHUNK.height, file.height),
    ];
    const chunk = { width: across.side, height: down.side };
    const shard = { width: across.count, height: down.count };
    levels.push({ log2, width, height, hasStats, chunk, shard });
    last = log2 > base && width <= TILE && height <= TILE;
  }
  return levels;
}

/**
 * The parts that a plane is measured and written in, in blocks of 2^(base + 1) cells: long along the
 * file's runs.
 */
export const slabSize = (pyramid: Omit<StoredPyramid, "folder">): Size =>
  partSize(sizeAt(pyramid, pyramid.base + 1), pyramid.runsDown);

/** Blocks of a file of a level: of the nearest two, a slab. */
function shardSize(pyramid: StoredPyramid, log2: number): Size {
  const { base, runsDown } = pyramid;
  if (log2 > base) return partSize(sizeAt(pyramid, log2), runsDown);
  const { width, height } = slabSize(pyramid);
  return { width: 2 * width, height: 2 * height };
}

const sizeAt = ({ width, height }: Size, log2: number): Size => ({
  width: Math.ceil(width / 2 ** log2),
  height: Math.ceil(height / 2 ** log2),
});

function partSize({ width, height }: Size, runsDown: boolean): Size {
  const tiles = Math.ceil((runsDown ? height : width) / TILE);
  const along = Math.max(1, Math.min(tiles, LONGEST));
  const beside = Math.max(1, Math.floor(MOST / along));
  const [across, down] = runsDown ? [beside, along] : [along, beside];
  return { width: across * TILE, height: down * TILE };
}

/**
 * The side of chunks of about `side` blocks, and how many a file of up to `most` blocks has. Where
 * one file holds the whole axis they divide it so that next to nothing is left over.
 */
function evenly(length: number, side: number, most: number): { side: number; count: number } {
  if (length > most) return { side, count: most / side };
  const count = Math.max(1, Math.ceil(length / side));
  return { side: Math.max(1, Math.ceil(length / count)), count };
}
