import { levels as kernel, memory } from "../../../assembly/build/kernels.wasm";
import { bytesOf } from "../../formats/format.ts";
import { checkBlocks, checkBordered } from "../bounds.ts";
import type { BlockLevels, Bordered, Packed } from "../ops.ts";
import { blockMeans } from "./block_means.ts";
import { blockStats } from "./block_stats.ts";
import { decode } from "./decode.ts";
import { floats, place } from "./memory.ts";
import { nearStats } from "./stats.ts";

/** Cells a side of the blocks whose means the kernel makes. */
const BLOCK = 8;

/** Statistics of blocks of twice `block` cells a side, and the means of their quarters. */
export function blockLevels(cells: Bordered, block: number): BlockLevels {
  checkBlocks("blockLevels", cells, block);
  const { values, width, height } = cells;
  const pitch = width + 2;
  const address = place(values);
  if (block === BLOCK) return run(address + (pitch + 1) * 4, pitch * 4, false, width, height);
  const near = new Float32Array(memory.buffer, address, pitch * (height + 2));
  return {
    stats: blockStats({ values: near, width, height }, 2 * block),
    means: blockMeans({ values: near, start: pitch + 1, pitch }, width, height, block),
  };
}

/** The same of bordered cells as they are stored, without decoding where that can be. */
export function packedLevels(bytes: Uint8Array, packed: Packed, block: number): BlockLevels {
  checkBordered("packedLevels", bytes, packed, block);
  const { dtype, bigEndian, width, rows, pitch } = packed;
  if (block === BLOCK && !bigEndian && (dtype === "BF16" || dtype === "F32")) {
    const first = place(bytes) + pitch + bytesOf(dtype, 1);
    return run(first, pitch, dtype === "BF16", width - 2, rows - 2);
  }
  const values = floats(width * rows);
  decode(bytes, packed, { values, start: 0, pitch: width });
  return blockLevels({ values, width: width - 2, height: rows - 2 }, block);
}

/** Cells from address `first` on, in rows `pitch` bytes apart. */
function run(
  first: number,
  pitch: number,
  narrow: boolean,
  width: number,
  height: number,
): BlockLevels {
  const near = nearStats(Math.ceil(width / (2 * BLOCK)), Math.ceil(height / (2 * BLOCK)));
  const means = floats(Math.ceil(width / BLOCK) * Math.ceil(height / BLOCK));
  const { address, stride, stats } = near;
  kernel(first, pitch, narrow ? 1 : 0, width, height, address, stride, means.byteOffset);
  return { stats, means };
}
