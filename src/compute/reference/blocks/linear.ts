import { type DecodeBlock, field } from "./block.ts";

// Integers q with one scale d, and perhaps an offset m: d·q + m. Layouts: block_q4_0 … block_q8_K
// of ggml-common.h.

/** d, 32 nibbles; q is 8 less. */
export const q4_0: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(0, little);
  for (let i = 0; i < 32; i++) out[i] = d * (field(block, 2, 4, 16, i) - 8);
};

/** d, m, 32 nibbles. */
export const q4_1: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(0, little);
  const m = block.getFloat16(2, little);
  for (let i = 0; i < 32; i++) out[i] = d * field(block, 4, 4, 16, i) + m;
};

/** d, 32 fifth bits, 32 nibbles; q is 16 less. */
export const q5_0: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(0, little);
  for (let i = 0; i < 32; i++) {
    const q = field(block, 6, 4, 16, i) | (field(block, 2, 1, 1, i) << 4);
    out[i] = d * (q - 16);
  }
};

/** d, m, 32 fifth bits, 32 nibbles. */
export const q5_1: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(0, little);
  const m = block.getFloat16(2, little);
  for (let i = 0; i < 32; i++) {
    const q = field(block, 8, 4, 16, i) | (field(block, 4, 1, 1, i) << 4);
    out[i] = d * q + m;
  }
};

/** d, 32 signed bytes. */
export const q8_0: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(0, little);
  for (let i = 0; i < 32; i++) out[i] = d * block.getInt8(2 + i);
};

/** d, the sum of all (which is not needed), 32 signed bytes. */
export const q8_1: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(0, little);
  for (let i = 0; i < 32; i++) out[i] = d * block.getInt8(4 + i);
};

/** d as float32, 256 signed bytes, sums of 16 (which are not needed). */
export const q8_k: DecodeBlock = (block, out, little) => {
  const d = block.getFloat32(0, little);
  for (let i = 0; i < 256; i++) out[i] = d * block.getInt8(4 + i);
};
