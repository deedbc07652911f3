import { type DecodeBlock, field } from "./block.ts";

// Nibbles that stand for one of 16 values, times a scale. Layouts: block_iq4_nl, block_iq4_xs,
// block_mxfp4, block_nvfp4 of ggml-common.h.

/** The 16 values of IQ4_NL and IQ4_XS. */
const UNEVEN = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/** Twice the values of a 4-bit float with 2 exponent bits, as ggml has them: it knows no −0. */
const DOUBLED = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

/** d, 32 nibbles. */
export const iq4_nl: DecodeBlock = (block, out, little) => {
  const d = block.getFloat16(0, little);
  for (let i = 0; i < 32; i++) out[i] = d * UNEVEN[field(block, 2, 4, 16, i)]!;
};

/** d, upper two bits and lower four of 8 scales, which are 32 less, 256 nibbles; sub-blocks of 32. */
export const iq4_xs: DecodeBlock = (block, out) => {
  const d = block.getFloat16(0, true);
  for (let i = 0; i < 256; i++) {
    const j = i >> 5;
    const scale = (field(block, 4, 4, 1, j) | (field(block, 2, 2, 1, j) << 4)) - 32;
    out[i] = d * scale * UNEVEN[field(block, 8, 4, 16, i)]!;
  }
};

/** OCP MX: the exponent of a power of two, 32 nibbles. Exponent 255 is a number to ggml: 2^128. */
export const mxfp4: DecodeBlock = (block, out) => {
  const half = 2 ** (block.getUint8(0) - 128);
  for (let i = 0; i < 32; i++) out[i] = half * DOUBLED[field(block, 1, 4, 16, i)]!;
};

/** 4 scales, 64 nibbles; sub-blocks of 16. */
export const nvfp4: DecodeBlock = (block, out) => {
  for (let i = 0; i < 64; i++) {
    const half = unsignedE4M3(block.getUint8(i >> 4)) / 2;
    out[i] = half * DOUBLED[field(block, 4, 4, 8, i)]!;
  }
};

/** Four exponent bits, three of fraction; the top bit is ignored, and 127 is 0 and not NaN. */
function unsignedE4M3(bits: number): number {
  const exponent = (bits >> 3) & 15;
  const fraction = bits & 7;
  if (bits === 127) return 0;
  return exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7);
}
