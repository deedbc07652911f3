import type { BlockStats } from "../compute/ops.ts";
import { paste, STATS_BYTES, statsOf } from "../field/block_arrays.ts";
import type { CellReader } from "../field/cells.ts";
import type { Levels } from "../field/levels.ts";
import { type Level, measure } from "../field/pyramid.ts";

/** All figures of a level, in memory of their own. */
export function copyOf({ width, height, buffer }: Level): BlockStats {
  const copy = new ArrayBuffer(width * height * STATS_BYTES);
  new Uint8Array(copy).set(new Uint8Array(buffer, 0, copy.byteLength));
  return statsOf({ width, height, buffer: copy });
}

/** Blocks taken from levels at once. */
const BAND = 1 << 16;

/** Figures of all blocks of 2^`log2` cells a side of a plane, in memory of their own. */
export function figures(reader: CellReader, levels: Levels | null, log2: number): BlockStats {
  const { plane, ops } = reader;
  const side = 2 ** log2;
  const width = Math.ceil(plane.width / side), height = Math.ceil(plane.height / side);
  const all = statsOf({ width, height, buffer: new ArrayBuffer(width * height * STATS_BYTES) });
  if (!levels || log2 < levels.statsFrom) {
    measure(reader, log2, { x: 0, y: 0, width, height }, (stats, x, y) => paste(stats, all, x, y));
    return all;
  }
  const rows = Math.max(1, Math.floor(BAND / width));
  for (let y = 0; y < height; y += rows) {
    const band = { x: 0, y, width, height: Math.min(rows, height - y) };
    ops.frame(() => paste(levels.stats(ops, log2, band), all, 0, y));
  }
  return all;
}
