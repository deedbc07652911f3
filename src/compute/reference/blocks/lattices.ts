import { grids } from "../../grids.ts";
import { type DecodeBlock, field } from "./block.ts";

// Eight or four elements at once are a row of a grid, with signs of their own (IQ2, IQ3) or moved by
// an eighth (IQ1), times a scale. 256 elements a block, little-endian only. Layouts: block_iq1_s …
// block_iq3_s of ggml-common.h.

/** d, and for each 32 elements: 4 indices, 4 × 7 signs, scale (4 bits). */
export const iq2_xxs: DecodeBlock = (block, out) => {
  const d = block.getFloat16(0, true);
  for (let i = 0; i < 256; i++) {
    const at = 2 + (i >> 5) * 8;
    const rest = block.getUint32(at + 4, true);
    const index = block.getUint8(at + ((i >> 3) & 3));
    const scale = d * (0.5 + (rest >>> 28)) * 0.25;
    out[i] = scale * grids.iq2_xxs[index * 8 + (i & 7)]! *
      evenSign(rest >>> (7 * ((i >> 3) & 3)), i);
  }
};

/** d, 32 × (index of 9 bits, 7 signs), 16 scales of 4 bits. */
export const iq2_xs: DecodeBlock = (block, out) => {
  const d = block.getFloat16(0, true);
  for (let i = 0; i < 256; i++) {
    const packed = block.getUint16(2 + 2 * (i >> 3), true);
    const scale = d * (0.5 + field(block, 66, 4, 1, i >> 4)) * 0.25;
    out[i] = scale * grids.iq2_xs[(packed & 511) * 8 + (i & 7)]! * evenSign(packed >> 9, i);
  }
};

/** d, lower bytes of 32 indices, 256 signs, their upper two bits, 16 scales of 4 bits. */
export const iq2_s: DecodeBlock = (block, out) => {
  const d = block.getFloat16(0, true);
  for (let i = 0; i < 256; i++) {
    const index = block.getUint8(2 + (i >> 3)) | (field(block, 66, 2, 1, i >> 3) << 8);
    const scale = d * (0.5 + field(block, 74, 4, 1, i >> 4)) * 0.25;
    const sign = field(block, 34, 1, 1, i) ? -1 : 1;
    out[i] = scale * grids.iq2_s[index * 8 + (i & 7)]! * sign;
  }
};

/** d, 64 indices, 8 × (4 × 7 signs, scale of 4 bits). */
export const iq3_xxs: DecodeBlock = (block, out) => {
  const d = block.getFloat16(0, true);
  for (let i = 0; i < 256; i++) {
    const rest = block.getUint32(66 + (i >> 5) * 4, true);
    const index = block.getUint8(2 + (i >> 2));
    const scale = d * (0.5 + (rest >>> 28)) * 0.5;
    out[i] = scale * grids.iq3_xxs[index * 4 + (i & 3)]! *
      evenSign(rest >>> (7 * ((i >> 3) & 3)), i);
  }
};

/** d, lower bytes of 64 indices, their ninth bits, 256 signs, 8 scales of 4 bits. */
export const iq3_s: DecodeBlock = (block, out) => {
  const d = block.getFloat16(0, true);
  for (let i = 0; i < 256; i++) {
    const index = block.getUint8(2 + (i >> 2)) | (field(block, 66, 1, 1, i >> 2) << 8);
    const scale = d * (1 + 2 * field(block, 106, 4, 1, i >> 5));
    const sign = field(block, 74, 1, 1, i) ? -1 : 1;
    out[i] = scale * grids.iq3_s[index * 4 + (i & 3)]! * sign;
  }
};

/** d, lower bytes of 32 indices, 8 × (4 × 3 upper bits, scale of 3 bits, sign of the move). */
export const iq1_s: DecodeBlock = (block, out) => {
  const d = block.getFloat16(0, true);
  for (let i = 0; i < 256; i++) {
    const rest = block.getUint16(34 + 2 * (i >> 5), true);
    const index = block.getUint8(2 + (i >> 3)) | (((rest >> (3 * ((i >> 3) & 3))) & 7) << 8);
    const scale = d * (2 * ((rest >> 12) & 7) + 1);
    const move = rest & 0x8000 ? -0.125 : 0.125;
    out[i] = scale * (grids.iq1[index * 8 + (i & 7)]! + move);
  }
};

/**
 * Lower bytes of 32 indices, 32 × (3 upper bits, sign of the move), 4 × (4 scales of 3 bits, a
 * quarter of the bits of d).
 */
export const iq1_m: DecodeBlock = (block, out) => {
  const words = [0, 1, 2, 3].map((j) => block.getUint16(48 + 2 * j, true));
  const bits = words.reduce((sum, word, j) => sum | ((word >> 12) << (4 * j)), 0);
  const d = float16(bits);
  for (let i = 0; i < 256; i++) {
    const high = field(block, 32, 4, 1, i >> 3);
    const index = block.getUint8(i >> 3) | ((high & 7) << 8);
    const scale = d * (2 * ((words[i >> 6]! >> (3 * ((i >> 4) & 3))) & 7) + 1);
    const move = high & 8 ? -0.125 : 0.125;
    out[i] = scale * (grids.iq1[index * 8 + (i & 7)]! + move);
  }
};

/** Of eight signs seven are stored: the number of minus signs is even. */
function evenSign(signs: number, i: number): number {
  const seven = signs & 127;
  const all = seven | (parity(seven) << 7);
  return (all >> (i & 7)) & 1 ? -1 : 1;
}

const parity = (bits: number): number => bits === 0 ? 0 : (bits & 1) ^ parity(bits >> 1);

function float16(bits: number): number {
  const view = new DataView(new ArrayBuffer(2));
  view.setUint16(0, bits);
  return view.getFloat16(0);
}
