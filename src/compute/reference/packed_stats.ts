import { checkBordered } from "../bounds.ts";
import type { BlockStats, Packed } from "../ops.ts";
import { blockStats } from "./block_stats.ts";
import { decode } from "./decode.ts";

/** Statistics of blocks of bordered cells as they are stored. */
export function packedStats(bytes: Uint8Array, packed: Packed, block: number): BlockStats {
  checkBordered("packedStats", bytes, packed, block);
  const { width, rows } = packed;
  const values = new Float32Array(width * rows);
  decode(bytes, packed, { values, start: 0, pitch: width });
  return blockStats({ values, width: width - 2, height: rows - 2 }, block);
}
