import type { BlockStats, Ops } from "../../compute/ops.ts";
import { LruCache } from "../../storage/lru.ts";
import { cut, paste, PLANES, STATS_BYTES, statsOf } from "../block_arrays.ts";
import type { Rect } from "../cells.ts";
import type { Levels } from "../levels.ts";
import { CHUNK, readMeans, readStats, storedLevels, type StoredPyramid } from "../store.ts";

/** Bytes of chunks that a thread keeps: some dozens of tiles' worth. */
const KEPT = 24 << 20;
const MEANS_BYTES = CHUNK * CHUNK * 4;

const means = new LruCache<Float32Array>(KEPT);
const stats = new LruCache<BlockStats>(KEPT);
const outer = new LruCache<readonly BlockStats[]>(KEPT);

/**
 * The levels of a pyramid on disk. Chunks are read when looked at; what lies further out than the
 * last level there is merged from it.
 */
export function levelsOnDisk(pyramid: StoredPyramid, ops: Ops): Levels {
  const { folder, base } = pyramid;
  const last = storedLevels(pyramid).at(-1)!;
  const key = (log2: number, x: number, y: number) => `${folder} ${log2} ${x} ${y}`;
  const meansOf = (log2: number, x: number, y: number) =>
    remembered(means, key(log2, x, y), MEANS_BYTES, () => readMeans(pyramid, log2, x, y));
  const statsOfChunk = (log2: number, x: number, y: number) =>
    remembered(stats, key(log2, x, y), MEANS_BYTES * PLANES, () => readStats(pyramid, log2, x, y));
  const beyond = (log2: number) => {
    const levels = remembered(outer, folder, MEANS_BYTES, () => {
      const { width, height } = last;
      const whole = statsOf({
        width,
        height,
        buffer: new ArrayBuffer(width * height * STATS_BYTES),
      });
      ops.frame(() =>
        paste(cut(ops, statsOfChunk(last.log2, 0, 0), 0, 0, width, height), whole, 0, 0)
      );
      return outwards(ops, whole);
    });
    return levels[Math.min(log2 - last.log2, levels.length) - 1]!;
  };
  return {
    meansFrom: base,
    statsFrom: base + 1,
    means(log2, blocks, { values, start, pitch }) {
      if (log2 > last.log2) {
        const level = beyond(log2);
        copyRows(level.mean, level.width, blocks, values, start, pitch);
        return;
      }
      eachChunk(blocks, (chunk, part, x, y) =>
        copyRows(
          meansOf(log2, chunk.x, chunk.y),
          CHUNK,
          part,
          values,
          start + y * pitch + x,
          pitch,
        ));
    },
    stats(ops, log2, blocks) {
      if (log2 > last.log2) {
        return cut(ops, beyond(log2), blocks.x, blocks.y, blocks.width, blocks.height);
      }
      const { width, height } = blocks;
      const { buffer, byteOffset } = ops.scratch(width * height * STATS_BYTES);
      const out = statsOf({ width, height, buffer, byteOffset });
      eachChunk(blocks, (chunk, part, x, y) => {
        const from = statsOfChunk(log2, chunk.x, chunk.y);
        ops.frame(() => paste(cut(ops, from, part.x, part.y, part.width, part.height), out, x, y));
      });
      return out;
    },
  };
}

function remembered<Value>(
  kept: LruCache<Value>,
  key: string,
  bytes: number,
  read: () => Value,
): Value {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const value = read();
  kept.set(key, value, bytes);
  return value;
}

/** The levels beyond one that fits a chunk, out to a single block. */
function outwards(ops: Ops, first: BlockStats): BlockStats[] {
  const levels: BlockStats[] = [];
  for (let level = first; level.width * level.height > 1;) {
    const [width, height] = [level.width, level.height].map((side) => Math.ceil(side / 2)) as [
      number,
      number,
    ];
    const next = statsOf({ width, height, buffer: new ArrayBuffer(width * height * STATS_BYTES) });
    const below = level;
    ops.frame(() => paste(ops.merge(cut(ops, below, 0, 0, below.width, below.height)), next, 0, 0));
    levels.push(level = next);
  }
  return levels.length > 0 ? levels : [first];
}

/** The chunks that a rectangle of blocks meets, the part of each, and its place in the rectangle. */
function eachChunk(
  { x, y, width, height }: Rect,
  visit: (chunk: { x: number; y: number }, part: Rect, x: number, y: number) => void,
): void {
  for (let top = y; top < y + height;) {
    const chunkY = Math.floor(top / CHUNK);
    const bottom = Math.min(y + height, (chunkY + 1) * CHUNK);
    for (let left = x; left < x + width;) {
      const chunkX = Math.floor(left / CHUNK);
      const right = Math.min(x + width, (chunkX + 1) * CHUNK);
      const part = {
        x: left - chunkX * CHUNK,
        y: top - chunkY * CHUNK,
        width: right - left,
        height: bottom - top,
      };
      visit({ x: chunkX, y: chunkY }, part, left - x, top - y);
      left = right;
    }
    top = bottom;
  }
}

function copyRows(
  values: Float32Array,
  width: number,
  rect: Rect,
  into: Float32Array,
  start: number,
  pitch: number,
): void {
  for (let row = 0; row < rect.height; row++) {
    const from = (rect.y + row) * width + rect.x;
    into.set(values.subarray(from, from + rect.width), start + row * pitch);
  }
}
