import { checkBlocks, checkBordered } from "../bounds.ts";
import type { BlockLevels, Bordered, Packed } from "../ops.ts";
import { blockMeans } from "./block_means.ts";
import { blockStats } from "./block_stats.ts";
import { decode } from "./decode.ts";

/** Statistics of blocks of twice `block` cells a side, and the means of their quarters. */
export function blockLevels(cells: Bordered, block: number): BlockLevels {
  checkBlocks("blockLevels", cells, block);
  const { values, width, height } = cells;
  const inner = { values, start: width + 3, pitch: width + 2 };
  return {
    stats: blockStats(cells, 2 * block),
    means: blockMeans(inner, width, height, block),
  };
}

/** The same of bordered cells as they are stored. */
export function packedLevels(bytes: Uint8Array, packed: Packed, block: number): BlockLevels {
  checkBordered("packedLevels", bytes, packed, block);
  const { width, rows } = packed;
  const values = new Float32Array(width * rows);
  decode(bytes, packed, { values, start: 0, pitch: width });
  return blockLevels({ values, width: width - 2, height: rows - 2 }, block);
}
