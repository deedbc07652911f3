import type { BlockStats, Ops } from "../../compute/ops.ts";
import { LruCache } from "../../storage/lru.ts";
import { cut, STATS_BYTES, statsOf } from "../block_arrays.ts";
import type { Levels } from "../levels.ts";
import { mergeInto } from "../pyramid.ts";
import { readMeans, readStats, storedLevels, type StoredPyramid } from "../store.ts";

/** Bytes of merged levels that a thread keeps. Files themselves are in the system's memory. */
const KEPT = 24 << 20;

const merged = new LruCache<readonly BlockStats[]>(KEPT);

/**
 * The levels of a pyramid on disk, read when looked at; what lies further out than the last level
 * there is merged from it.
 */
export function levelsOnDisk(pyramid: StoredPyramid, ops: Ops): Levels {
  const { folder, base } = pyramid;
  const levels = storedLevels(pyramid);
  const lastMeans = levels.at(-1)!;
  const lastStats = levels.findLast(({ hasStats }) => hasStats)!;
  const beyond = (log2: number) => {
    let found = merged.get(folder);
    if (!found) {
      const whole = allocate(lastStats.width, lastStats.height);
      readStats(pyramid, lastStats.log2, 0, 0, whole);
      found = outwards(ops, whole);
      merged.set(folder, found, found.reduce((sum, level) => sum + bytesOf(level), 0));
    }
    return found[Math.min(log2 - lastStats.log2, found.length) - 1]!;
  };
  return {
    meansFrom: base,
    statsFrom: base + 1,
    means(log2, blocks, target) {
      if (log2 <= lastMeans.log2) return readMeans(pyramid, log2, blocks, target);
      const { mean, width } = beyond(log2);
      for (let row = 0; row < blocks.height; row++) {
        const from = (blocks.y + row) * width + blocks.x;
        const part = mean.subarray(from, from + blocks.width);
        target.values.set(part, target.start + row * target.pitch);
      }
    },
    stats(ops, log2, { x, y, width, height }) {
      if (log2 > lastStats.log2) return cut(ops, beyond(log2), x, y, width, height);
      const { buffer, byteOffset } = ops.scratch(width * height * STATS_BYTES);
      const out = statsOf({ width, height, buffer, byteOffset });
      readStats(pyramid, log2, x, y, out);
      return out;
    },
  };
}

const bytesOf = ({ width, height }: BlockStats) => width * height * STATS_BYTES;

const allocate = (width: number, height: number) =>
  statsOf({ width, height, buffer: new ArrayBuffer(width * height * STATS_BYTES) });

/** The levels beyond one that fits memory, out to a single block. */
function outwards(ops: Ops, first: BlockStats): BlockStats[] {
  const levels: BlockStats[] = [];
  for (let below = first; below.width * below.height > 1;) {
    const level = allocate(Math.ceil(below.width / 2), Math.ceil(below.height / 2));
    mergeInto(ops, below, level);
    levels.push(below = level);
  }
  return levels.length > 0 ? levels : [first];
}
