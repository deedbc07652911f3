import { packedStats as kernel } from "../../../assembly/build/kernels.wasm";
import { bytesOf } from "../../formats/format.ts";
import { checkBordered } from "../bounds.ts";
import type { BlockStats, Packed } from "../ops.ts";
import { blockStats } from "./block_stats.ts";
import { decode } from "./decode.ts";
import { floats, isNear } from "./memory.ts";
import { nearStats } from "./stats.ts";

/** Statistics of blocks of bordered cells as they are stored, without decoding where that can be. */
export function packedStats(bytes: Uint8Array, packed: Packed, block: number): BlockStats {
  checkBordered("packedStats", bytes, packed, block);
  const { dtype, bigEndian, width, rows, pitch } = packed;
  const narrow = dtype === "BF16" && (block === 8 || block === 16);
  if (!isNear(bytes) || bigEndian || !(narrow || dtype === "F32")) {
    const values = floats(width * rows);
    decode(bytes, packed, { values, start: 0, pitch: width });
    return blockStats({ values, width: width - 2, height: rows - 2 }, block);
  }
  const [columns, lines] = [width - 2, rows - 2];
  const near = nearStats(Math.ceil(columns / block), Math.ceil(lines / block));
  const first = bytes.byteOffset + pitch + bytesOf(dtype, 1);
  kernel(first, pitch, narrow ? 1 : 0, columns, lines, block, near.address, near.stride);
  return near.stats;
}
