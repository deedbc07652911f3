import { type DecodeBlock, field } from "./block.ts";

// −d and d, and 0 between them. Layouts: block_q1_0, block_tq1_0, block_tq2_0 of ggml-common.h.

/** d, 128 bits: d where they are set, else −d. */
export const q1_0: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(0, little);
  for (let i = 0; i < 128; i++) out[i] = d * (2 * field(block, 2, 1, 1, i) - 1);
};

/** 48 bytes of five and 4 bytes of four base-3 digits, d. */
export const tq1_0: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(52, little);
  for (let i = 0; i < 256; i++) out[i] = d * (digitAt(block, i) - 1);
};

/** 256 × 2 bits, d; 3 is 2d. */
export const tq2_0: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(64, little);
  for (let i = 0; i < 256; i++) out[i] = d * (field(block, 0, 2, 32, i) - 1);
};

/** Digits lie in runs as fields do: the first digits of 32 bytes, their second digits, … */
function digitAt(block: DataView, i: number): number {
  if (i < 160) return digit(block.getUint8(i % 32), Math.floor(i / 32));
  if (i < 240) return digit(block.getUint8(32 + i % 16), Math.floor((i - 160) / 16));
  return digit(block.getUint8(48 + i % 4), Math.floor((i - 240) / 4));
}

/** A byte is a fraction of 256: times three, its integer part is a digit and the rest goes on. */
const digit = (byte: number, place: number) => (byte * 3 ** place % 256 * 3) >> 8;
