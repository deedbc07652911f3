import type { Blocked } from "../formats/format.ts";

/**
 * Where in a block the 16-bit numbers lie whose bytes come in the other order in big-endian files,
 * as in those that llama.cpp writes on such machines. Of types that are not here no such files are
 * known.
 */
export const halvesOf: Partial<Record<Blocked, readonly number[]>> = {
  I4: [],
  U4: [],
  F4_E2M1: [],
  Q1_0: [0],
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q8_0: [0],
  Q8_1: [0, 2],
  Q2_K: [80, 82],
  Q2_K_SCALE: [80, 82],
  Q3_K: [108],
  Q3_K_SCALE: [108],
  Q4_K: [0, 2],
  Q4_K_SCALE: [0, 2],
  Q5_K: [0, 2],
  Q5_K_SCALE: [0, 2],
  Q6_K: [208],
  Q6_K_SCALE: [208],
  IQ4_NL: [0],
  TQ1_0: [52],
  TQ2_0: [64],
  MXFP4: [],
  NVFP4: [],
};
