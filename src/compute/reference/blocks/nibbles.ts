import { type DecodeBlock, field } from "./block.ts";

// Two elements in a byte, the first in its lower half.

/** Two's complement. */
export const i4: DecodeBlock = (block, out) => {
  for (let i = 0; i < 2; i++) out[i] = (field(block, 0, 4, 1, i) ^ 8) - 8;
};

export const u4: DecodeBlock = (block, out) => {
  for (let i = 0; i < 2; i++) out[i] = field(block, 0, 4, 1, i);
};

const MAGNITUDES = [0, 0.5, 1, 1.5, 2, 3, 4, 6];

/** OCP MX: sign, 2 exponent bits, 1 of fraction; no infinity, no NaN. */
export const f4_e2m1: DecodeBlock = (block, out) => {
  for (let i = 0; i < 2; i++) {
    const bits = field(block, 0, 4, 1, i);
    out[i] = (bits & 8 ? -1 : 1) * MAGNITUDES[bits & 7]!;
  }
};
