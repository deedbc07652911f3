import { bytesOf, type Dtype } from "../../formats/format.ts";

/** Where a layer's levels lie: plain data. */
export interface StoredPyramid {
  /** Absolute path of the layer's group. */
  readonly folder: string;
  /** Cells of the layer's plane. */
  readonly width: number;
  readonly height: number;
  /** log2 of the side, in cells, of the smallest blocks, of which the means alone are kept. */
  readonly base: number;
}

/** Blocks a side of a chunk, which is a tile of its level. */
export const CHUNK = 256;

/** Blocks of 2^`log2` cells a side. */
export interface StoredLevel {
  readonly log2: number;
  readonly width: number;
  readonly height: number;
  readonly chunksAcross: number;
  readonly chunksDown: number;
}

/** Blocks below this size are computed from the file when they are looked at. */
const NEAREST = 3;
/** Bytes of all levels for each block of the base, where no figure but `zero` is 0 everywhere. */
const PER_BLOCK = 12;
/** Share of a layer's bytes that its levels may take. */
const SHARE = 0.12;

/** `StoredPyramid.base` of a layer of that type: levels take at most 12 % of its bytes. */
export function storedBase(dtype: Dtype): number {
  let base = NEAREST;
  while (PER_BLOCK > SHARE * bytesOf(dtype, 4 ** base)) base++;
  return base;
}

/**
 * Levels from the base to the first that fits one chunk, at least one beyond the base, so that there
 * are figures to merge those further out from.
 */
export function storedLevels({ width, height, base }: StoredPyramid): StoredLevel[] {
  const levels: StoredLevel[] = [];
  for (let log2 = base, last = false; !last; log2++) {
    const [across, down] = [Math.ceil(width / 2 ** log2), Math.ceil(height / 2 ** log2)];
    const [chunksAcross, chunksDown] = [Math.ceil(across / CHUNK), Math.ceil(down / CHUNK)];
    levels.push({ log2, width: across, height: down, chunksAcross, chunksDown });
    last = log2 > base && chunksAcross <= 1 && chunksDown <= 1;
  }
  return levels;
}

/**
 * Blocks a side of the files that a chunk is kept in, along an axis of `length` blocks: the whole
 * chunk where that leaves at most a sixteenth of the level's last files empty, else a half or a
 * quarter of it; the whole axis where that is shorter.
 */
export function fileSide(length: number): number {
  if (length <= CHUNK) return length;
  for (let side = CHUNK; side > CHUNK / 4; side /= 2) {
    if (Math.ceil(length / side) * side <= length * 17 / 16) return side;
  }
  return CHUNK / 4;
}
