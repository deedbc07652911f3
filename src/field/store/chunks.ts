import { Buffer } from "node:buffer";
import type { BlockStats } from "../../compute/ops.ts";
import { crc32c } from "../../compute/wasm/crc32c.ts";
import { frame, scratch } from "../../compute/wasm/memory.ts";
import { CorruptChunk } from "../../errors.ts";
import { STATS_BYTES, statsOf } from "../block_arrays.ts";
import { readInto, removeFile, writeWhole } from "./files.ts";
import { type Image, images } from "./images.ts";
import { CHUNK, fileSide, type StoredLevel, storedLevels, type StoredPyramid } from "./levels.ts";

const CRC = 4;
const mean = images[0]!;

/** A chunk: its level, column and row, and the blocks that the level has there. */
interface Place {
  readonly level: StoredLevel;
  readonly cx: number;
  readonly cy: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Writes the means of chunk (cx, cy) of the level of 2^`log2` cells: `width` × `height` of them, as
 * many as the level has there, in rows of `pitch`. Throws `OutOfSpace`, `Unreadable`, and
 * `RangeError` where there is no such chunk or it is of another size.
 */
export function writeMeans(
  pyramid: StoredPyramid,
  log2: number,
  cx: number,
  cy: number,
  means: Float32Array,
  pitch: number,
  width: number,
  height: number,
): void {
  const place = placeOf(pyramid, log2, cx, cy, mean);
  checkSize(place, width, height);
  writeFigure(pyramid, place, mean, 0, means, pitch);
}

/** Writes all figures of a chunk, as `writeMeans` does; levels from base + 1 on have them. */
export function writeStats(
  pyramid: StoredPyramid,
  log2: number,
  cx: number,
  cy: number,
  stats: BlockStats,
): void {
  for (const image of images) {
    const place = placeOf(pyramid, log2, cx, cy, image);
    checkSize(place, stats.width, stats.height);
    image.fields.forEach((field, channel) =>
      writeFigure(pyramid, place, image, channel, stats[field], stats.width)
    );
  }
}

/**
 * Means of 256 × 256 blocks, NaN where the level ends or nothing was written. Throws `CorruptChunk`,
 * `Unreadable`, and `RangeError` where there is no such chunk.
 */
export function readMeans(
  pyramid: StoredPyramid,
  log2: number,
  cx: number,
  cy: number,
): Float32Array<ArrayBuffer> {
  const means = new Float32Array(CHUNK * CHUNK);
  readFigure(pyramid, placeOf(pyramid, log2, cx, cy, mean), mean, 0, means);
  return means;
}

/**
 * Figures of 256 × 256 blocks, as `readMeans` does. Where nothing was written, or the level ends,
 * they hold the fill values of `images`.
 */
export function readStats(
  pyramid: StoredPyramid,
  log2: number,
  cx: number,
  cy: number,
): BlockStats {
  const buffer = new ArrayBuffer(CHUNK * CHUNK * STATS_BYTES);
  const stats = statsOf({ width: CHUNK, height: CHUNK, buffer });
  for (const image of images) {
    const place = placeOf(pyramid, log2, cx, cy, image);
    image.fields.forEach((field, channel) =>
      readFigure(pyramid, place, image, channel, stats[field])
    );
  }
  return stats;
}

function writeFigure(
  pyramid: StoredPyramid,
  place: Place,
  image: Image,
  channel: number,
  values: Float32Array | Uint32Array,
  pitch: number,
): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const fill = fillOf(image, place.level.log2);
  eachFile(
    pyramid,
    place,
    image,
    channel,
    ({ path, x, y, width, height, across, down }) =>
      frame(() => {
        const bytes = scratch(across * down * 4 + CRC);
        const entries = new Uint32Array(bytes.buffer, bytes.byteOffset, across * down + 1);
        if (width < across || height < down) entries.fill(fill);
        for (let row = 0; row < height; row++) {
          const from = (y + row) * pitch + x;
          entries.set(bits.subarray(from, from + width), row * across);
        }
        if (isAll(fill, entries.subarray(0, -1))) return removeFile(path);
        entries[across * down] = crc32c(bytes.subarray(0, -CRC));
        writeWhole(path, bytes);
      }),
  );
}

function readFigure(
  pyramid: StoredPyramid,
  place: Place,
  image: Image,
  channel: number,
  into: Float32Array | Uint32Array,
): void {
  const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
  const fill = fillOf(image, place.level.log2);
  eachFile(pyramid, place, image, channel, ({ path, x, y, width, height, across, down }) => {
    // Before the first file; where that is all there is, it leaves nothing to fill.
    if (x === 0 && y === 0 && width * height < bits.length) bits.fill(fill);
    frame(() => {
      const expected = across * down * 4 + CRC;
      const bytes = scratch(expected + 1); // one more, to notice a file that is too long
      const got = readInto(path, bytes);
      if (got === null) {
        if (width * height === bits.length) bits.fill(fill);
        return;
      }
      if (got !== expected) {
        const found = got > expected ? "more" : `${got}`;
        throw corrupt(pyramid, place, path, `${expected} bytes expected, ${found} found`);
      }
      const entries = new Uint32Array(bytes.buffer, bytes.byteOffset, across * down + 1);
      const sum = crc32c(bytes.subarray(0, expected - CRC));
      const stored = entries[across * down]!;
      if (sum !== stored) {
        const [is, was] = [sum, stored].map((crc) => crc.toString(16).padStart(8, "0"));
        throw corrupt(pyramid, place, path, `its checksum is ${is}, ${was} was stored`);
      }
      if (width === CHUNK) {
        bits.set(entries.subarray(0, height * CHUNK), y * CHUNK);
      } else {
        for (let row = 0; row < height; row++) {
          const from = row * across;
          bits.set(entries.subarray(from, from + width), (y + row) * CHUNK + x);
        }
      }
    });
  });
}

/** A file of a chunk: its first block in the chunk, the blocks that count, and those it has room for. */
interface ChunkFile {
  readonly path: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly across: number;
  readonly down: number;
}

function eachFile(
  { folder }: StoredPyramid,
  { level, cx, cy, width, height }: Place,
  image: Image,
  channel: number,
  visit: (file: ChunkFile) => void,
): void {
  const array = `${folder}/${image.name}/${level.log2}/c`;
  const plane = image.fields.length > 1 ? `${array}/${channel}` : array;
  const across = fileSide(level.width), down = fileSide(level.height);
  for (let y = 0; y < height; y += down) {
    const row = (cy * CHUNK + y) / down;
    for (let x = 0; x < width; x += across) {
      visit({
        path: `${plane}/${row}/${(cx * CHUNK + x) / across}`,
        ...{ x, y, across, down },
        width: Math.min(across, width - x),
        height: Math.min(down, height - y),
      });
    }
  }
}

function placeOf(
  pyramid: StoredPyramid,
  log2: number,
  cx: number,
  cy: number,
  image: Image,
): Place {
  const levels = storedLevels(pyramid).slice(image.skipped);
  const level = levels.find((level) => level.log2 === log2);
  if (!level) {
    const [first, last] = [levels[0]!.log2, levels.at(-1)!.log2];
    throw new RangeError(`level ${log2} has no ${image.name}, levels ${first} to ${last} have`);
  }
  const { width, height, chunksAcross, chunksDown } = level;
  const inside = Number.isInteger(cx) && cx >= 0 && cx < chunksAcross &&
    Number.isInteger(cy) && cy >= 0 && cy < chunksDown;
  if (!inside) {
    throw new RangeError(
      `level ${log2} has ${chunksAcross} × ${chunksDown} chunks, (${cx}, ${cy}) is none of them`,
    );
  }
  return {
    ...{ level, cx, cy },
    width: Math.min(CHUNK, width - cx * CHUNK),
    height: Math.min(CHUNK, height - cy * CHUNK),
  };
}

function checkSize({ level, cx, cy, width, height }: Place, across: number, down: number): void {
  if (across === width && down === height) return;
  throw new RangeError(
    `chunk (${cx}, ${cy}) of level ${level.log2} has ${width} × ${height} blocks, not ` +
      `${across} × ${down}`,
  );
}

/** The bits of an image's fill value. */
function fillOf(image: Image, log2: number): number {
  const fill = image.fill(log2);
  return image.dtype === "uint32" ? fill : new Uint32Array(Float32Array.of(fill).buffer)[0]!;
}

/** Whether all entries are the fill value; any NaN is NaN. */
function isAll(fill: number, entries: Uint32Array): boolean {
  if (isNaNBits(fill)) return entries.every(isNaNBits);
  if (entries[0] !== fill) return false;
  // All are as the first where each is as the one before: a comparison of memory.
  const bytes = new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength);
  return Buffer.compare(bytes.subarray(4), bytes.subarray(0, -4)) === 0;
}

const isNaNBits = (bits: number) => (bits & 0x7fffffff) > 0x7f800000;

function corrupt({ folder }: StoredPyramid, place: Place, path: string, reason: string) {
  const { level: { log2 }, cx, cy } = place;
  return new CorruptChunk(`${path} is damaged: ${reason}`, { folder, log2, cx, cy });
}
