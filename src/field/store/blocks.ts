import { Buffer } from "node:buffer";
import type { BlockStats, Target } from "../../compute/ops.ts";
import { CorruptChunk } from "../../errors.ts";
import { copyRows } from "../block_arrays.ts";
import type { Rect } from "../cells.ts";
import { type Image, images } from "./images.ts";
import { type Size, type StoredLevel, storedLevels, type StoredPyramid } from "./levels.ts";
import { arrayName, shardName } from "./metadata.ts";
import { readShard, type ShardShape, writeShard } from "./shards.ts";

// Rectangles of a level's blocks, cut along its shards and chunks.

type Figures = Float32Array | Uint32Array;

/** A level of a layer. */
interface Place {
  readonly pyramid: StoredPyramid;
  readonly level: StoredLevel;
}

/**
 * Writes means of blocks of 2^`log2` cells: whole files of the level, from the start of one to that
 * of another or the level's end. Throws `OutOfSpace`, `Unreadable`, and `RangeError` where there is
 * no such level or no such rectangle of files.
 */
export function writeMeans(
  pyramid: StoredPyramid,
  log2: number,
  blocks: Rect,
  { values, start, pitch }: Target,
): void {
  const place = placeOf(pyramid, log2, false);
  checkInside(place, blocks);
  checkWhole(place, blocks);
  writeImage(place, images.mean, blocks, [values.subarray(start)], pitch);
}

/** Writes all figures of a rectangle that begins at block (x, y), as `writeMeans` does. */
export function writeStats(
  pyramid: StoredPyramid,
  log2: number,
  x: number,
  y: number,
  stats: BlockStats,
): void {
  const place = placeOf(pyramid, log2, true);
  const { width, height } = stats;
  const blocks = { x, y, width, height };
  checkInside(place, blocks);
  checkWhole(place, blocks);
  for (const image of Object.values(images)) {
    writeImage(place, image, blocks, image.fields.map((field) => stats[field]), width);
  }
}

/**
 * Means of a rectangle of blocks, NaN where nothing was written. Throws `CorruptChunk`, `Unreadable`,
 * and `RangeError` where there is no such level or the rectangle leaves it.
 */
export function readMeans(
  pyramid: StoredPyramid,
  log2: number,
  blocks: Rect,
  { values, start, pitch }: Target,
): void {
  const place = placeOf(pyramid, log2, false);
  checkInside(place, blocks);
  readImage(place, images.mean, blocks, [values.subarray(start)], pitch);
}

/**
 * All figures of as many blocks as `into` has, from block (x, y) on, as `readMeans` does. Where
 * nothing was written, blocks are whole, and what is not counted is 0.
 */
export function readStats(
  pyramid: StoredPyramid,
  log2: number,
  x: number,
  y: number,
  into: BlockStats,
): void {
  const place = placeOf(pyramid, log2, true);
  const { width, height } = into;
  const blocks = { x, y, width, height };
  checkInside(place, blocks);
  for (const image of Object.values(images)) {
    readImage(place, image, blocks, image.fields.map((field) => into[field]), width);
  }
}

function writeImage(
  place: Place,
  image: Image,
  blocks: Rect,
  figures: readonly Figures[],
  pitch: number,
): void {
  const { chunk } = place.level;
  const fill = fillOf(image);
  const arrays = figures.map(bitsOf);
  eachShard(
    place,
    image,
    blocks,
    (path, shape, shard) =>
      writeShard(path, shape, ({ channel, x, y }, entries) => {
        const own = overlap(place.level.chunk, shard.x + x, shard.y + y, blocks);
        if (own.width <= 0 || own.height <= 0) return false;
        if (own.width < chunk.width || own.height < chunk.height) entries.fill(fill);
        const from = (own.y - blocks.y) * pitch + own.x - blocks.x;
        copyRows(
          { values: arrays[channel]!, start: from, pitch },
          { values: entries, start: 0, pitch: chunk.width },
          own,
        );
        if (image.fields[channel] === "count") complement(place, own, entries, 0, chunk.width);
        return !isAll(fill, entries);
      }),
  );
}

function readImage(
  place: Place,
  image: Image,
  blocks: Rect,
  figures: readonly Figures[],
  pitch: number,
): void {
  const { chunk } = place.level;
  const fill = fillOf(image);
  const arrays = figures.map(bitsOf);
  eachShard(
    place,
    image,
    blocks,
    (path, shape, shard, part) =>
      readShard(path, shape, part, ({ channel, x, y }, entries) => {
        const own = overlap(chunk, shard.x + x, shard.y + y, blocks);
        const into = arrays[channel]!;
        const to = (own.y - blocks.y) * pitch + own.x - blocks.x;
        if (entries) {
          const left = own.x - (shard.x + x) * chunk.width;
          const top = own.y - (shard.y + y) * chunk.height;
          const start = top * chunk.width + left;
          copyRows(
            { values: entries, start, pitch: chunk.width },
            { values: into, start: to, pitch },
            own,
          );
        } else {
          for (let row = 0, at = to; row < own.height; row++, at += pitch) {
            into.fill(fill, at, at + own.width);
          }
        }
        if (image.fields[channel] === "count") complement(place, own, into, to, pitch);
      }, (reason) => {
        const { pyramid: { folder }, level: { log2 } } = place;
        return new CorruptChunk(`${path} is damaged: ${reason}`, { folder, log2 });
      }),
  );
}

/**
 * Visits the shards that a rectangle of blocks meets: the place of their first chunk, in chunks of the
 * level, and the rectangle of their chunks that it meets.
 */
function eachShard(
  { pyramid, level }: Place,
  image: Image,
  { x, y, width, height }: Rect,
  visit: (
    path: string,
    shape: ShardShape,
    first: { readonly x: number; readonly y: number },
    part: Rect,
  ) => void,
): void {
  const { chunk, shard } = level;
  const folder = `${pyramid.folder}/${arrayName(image, level.log2)}`;
  const entries = chunk.width * chunk.height;
  const shape = { channels: image.fields.length, ...shard, entries };
  const left = Math.floor(x / chunk.width), right = Math.ceil((x + width) / chunk.width);
  const top = Math.floor(y / chunk.height), bottom = Math.ceil((y + height) / chunk.height);
  for (let b = Math.floor(top / shard.height); b * shard.height < bottom; b++) {
    for (let a = Math.floor(left / shard.width); a * shard.width < right; a++) {
      const first = { x: a * shard.width, y: b * shard.height };
      const fromX = Math.max(left, first.x), fromY = Math.max(top, first.y);
      visit(`${folder}/${shardName(image, a, b)}`, shape, first, {
        x: fromX - first.x,
        y: fromY - first.y,
        width: Math.min(right, first.x + shard.width) - fromX,
        height: Math.min(bottom, first.y + shard.height) - fromY,
      });
    }
  }
}

/** Those of a rectangle's blocks that lie in chunk (x, y). */
function overlap({ width, height }: Size, x: number, y: number, blocks: Rect): Rect {
  const left = Math.max(blocks.x, x * width), top = Math.max(blocks.y, y * height);
  const right = Math.min(blocks.x + blocks.width, (x + 1) * width);
  const bottom = Math.min(blocks.y + blocks.height, (y + 1) * height);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Turns counts of finite values into those of what blocks lack of all their cells, and back. */
function complement(
  { pyramid, level: { log2 } }: Place,
  { x, y, width, height }: Rect,
  counts: Uint32Array,
  start: number,
  pitch: number,
): void {
  const side = 2 ** log2;
  for (let row = 0; row < height; row++) {
    const down = Math.min(side, pyramid.height - (y + row) * side);
    const end = Math.min(width, Math.floor(pyramid.width / side) - x);
    const at = start + row * pitch, whole = side * down;
    for (let i = 0; i < end; i++) counts[at + i] = whole - counts[at + i]!;
    if (end < width) counts[at + end] = (pyramid.width % side) * down - counts[at + end]!;
  }
}

function placeOf(pyramid: StoredPyramid, log2: number, allFigures: boolean): Place {
  const levels = storedLevels(pyramid).filter(({ hasStats }) => hasStats || !allFigures);
  const level = levels.find((level) => level.log2 === log2);
  if (level) return { pyramid, level };
  const what = allFigures ? "all figures" : "means";
  const [first, last] = [levels[0]!.log2, levels.at(-1)!.log2];
  throw new RangeError(`level ${log2} has no ${what}, levels ${first} to ${last} have`);
}

function checkInside({ level }: Place, { x, y, width, height }: Rect): void {
  const inside = [x, y, width, height].every((side) => Number.isInteger(side) && side >= 0) &&
    x + width <= level.width && y + height <= level.height;
  if (inside) return;
  throw new RangeError(
    `level ${level.log2} has ${level.width} × ${level.height} blocks, ${width} × ${height} from ` +
      `(${x}, ${y}) on are not among them`,
  );
}

function checkWhole({ level }: Place, { x, y, width, height }: Rect): void {
  const { chunk, shard } = level;
  const across = chunk.width * shard.width, down = chunk.height * shard.height;
  const ends = (end: number, step: number, all: number) => end % step === 0 || end === all;
  const whole = x % across === 0 && y % down === 0 &&
    ends(x + width, across, level.width) && ends(y + height, down, level.height);
  if (whole) return;
  throw new RangeError(
    `files of level ${level.log2} have ${across} × ${down} blocks, ${width} × ${height} from ` +
      `(${x}, ${y}) on are not whole ones`,
  );
}

const bitsOf = ({ buffer, byteOffset, length }: Figures) =>
  new Uint32Array(buffer, byteOffset, length);

/** The bits of an image's fill value. */
const fillOf = ({ dtype, fill }: Image): number =>
  dtype === "uint32" ? fill : new Uint32Array(Float32Array.of(fill).buffer)[0]!;

/** Whether all entries are the fill value; any NaN is NaN. */
function isAll(fill: number, entries: Uint32Array): boolean {
  if (isNaNBits(fill)) return entries.every(isNaNBits);
  if (entries[0] !== fill) return false;
  // All are as the first where each is as the one before: a comparison of memory.
  const bytes = new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength);
  return Buffer.compare(bytes.subarray(4), bytes.subarray(0, -4)) === 0;
}

const isNaNBits = (bits: number): boolean => (bits & 0x7fffffff) > 0x7f800000;
