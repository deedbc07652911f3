import { type DecodeBlock, field } from "./block.ts";

// ggml's K-quants: 256 elements in sub-blocks of 16 or 32, which have small integers for scales (and
// minima) in units of a float16 of the block: d·scale·q − dmin·min. Layouts: block_q2_K …
// block_q6_K of ggml-common.h.
//
// The types that end in `_SCALE` are another look at the same bytes: an element for each sub-block,
// the scale that its q are multiplied by, d·scale.

/** 16 × (scale, min) in nibbles, 256 × 2 bits, d, dmin; sub-blocks of 16. */
export const q2_k: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(80, little);
  const dmin = block.getFloat16(82, little);
  for (let i = 0; i < 256; i++) {
    const packed = block.getUint8(i >> 4);
    out[i] = d * (packed & 15) * field(block, 16, 2, 32, i) - dmin * (packed >> 4);
  }
};

export const q2_k_scale: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(80, little);
  for (let j = 0; j < 16; j++) out[j] = d * (block.getUint8(j) & 15);
};

/** 256 third bits (set: nothing is subtracted), 256 × 2 bits, 16 scales, d; sub-blocks of 16. */
export const q3_k: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(108, little);
  for (let i = 0; i < 256; i++) {
    const q = field(block, 32, 2, 32, i) - (field(block, 0, 1, 32, i) ? 0 : 4);
    out[i] = d * scaleOf16(block, i >> 4) * q;
  }
};

export const q3_k_scale: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(108, little);
  for (let j = 0; j < 16; j++) out[j] = d * scaleOf16(block, j);
};

/** d, dmin, 8 × (scale, min) of 6 bits, 256 nibbles; sub-blocks of 32. */
export const q4_k: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(0, little);
  const dmin = block.getFloat16(2, little);
  for (let i = 0; i < 256; i++) {
    const q = field(block, 16, 4, 32, i);
    out[i] = d * scaleOf8(block, i >> 5) * q - dmin * minOf8(block, i >> 5);
  }
};

/** The same with 256 fifth bits before the nibbles. */
export const q5_k: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(0, little);
  const dmin = block.getFloat16(2, little);
  for (let i = 0; i < 256; i++) {
    const q = field(block, 48, 4, 32, i) | (field(block, 16, 1, 32, i) << 4);
    out[i] = d * scaleOf8(block, i >> 5) * q - dmin * minOf8(block, i >> 5);
  }
};

/** Of Q4_K and of Q5_K. */
export const q4_k_scale: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(0, little);
  for (let j = 0; j < 8; j++) out[j] = d * scaleOf8(block, j);
};

/** 256 nibbles, 256 × 2 upper bits, 16 signed scales, d; q is 32 less; sub-blocks of 16. */
export const q6_k: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(208, little);
  for (let i = 0; i < 256; i++) {
    const q = (field(block, 0, 4, 64, i) | (field(block, 128, 2, 32, i) << 4)) - 32;
    out[i] = d * block.getInt8(192 + (i >> 4)) * q;
  }
};

export const q6_k_scale: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(208, little);
  for (let j = 0; j < 16; j++) out[j] = d * block.getInt8(192 + j);
};

/** Q3_K's scale `j`: four bits of 8 bytes, two of the 4 after them; 32 less. */
function scaleOf16(block: DataView, j: number): number {
  return (field(block, 96, 4, 8, j) | (field(block, 104, 2, 4, j) << 4)) - 32;
}

// Of 12 bytes, the lower six bits of bytes 0–3 are scales 0–3, those of bytes 4–7 minima 0–3. Bytes
// 8–11 have the lower four bits of scales 4–7 and, above them, of minima 4–7, whose upper two are on
// top of bytes 0–3 and 4–7.

function scaleOf8(block: DataView, j: number): number {
  if (j < 4) return block.getUint8(4 + j) & 63;
  return (block.getUint8(8 + j) & 15) | ((block.getUint8(j) >> 6) << 4);
}

function minOf8(block: DataView, j: number): number {
  if (j < 4) return block.getUint8(8 + j) & 63;
  return (block.getUint8(8 + j) >> 4) | ((block.getUint8(4 + j) >> 6) << 4);
}
