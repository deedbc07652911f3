import type { Blocked } from "../../../formats/format.ts";
import type { DecodeBlock } from "./block.ts";
import { iq4_nl, iq4_xs, mxfp4, nvfp4 } from "./codebooks.ts";
import * as k from "./k_quants.ts";
import * as lattices from "./lattices.ts";
import * as linear from "./linear.ts";
import { f4_e2m1, i4, u4 } from "./nibbles.ts";
import { q1_0, tq1_0, tq2_0 } from "./ternary.ts";

/** How a block of each type is decoded. */
export const decoders: Record<Blocked, DecodeBlock> = {
  I4: i4,
  U4: u4,
  F4_E2M1: f4_e2m1,
  Q4_0: linear.q4_0,
  Q4_1: linear.q4_1,
  Q5_0: linear.q5_0,
  Q5_1: linear.q5_1,
  Q8_0: linear.q8_0,
  Q8_1: linear.q8_1,
  Q8_K: linear.q8_k,
  Q2_K: k.q2_k,
  Q3_K: k.q3_k,
  Q4_K: k.q4_k,
  Q5_K: k.q5_k,
  Q6_K: k.q6_k,
  Q2_K_SCALE: k.q2_k_scale,
  Q3_K_SCALE: k.q3_k_scale,
  Q4_K_SCALE: k.q4_k_scale,
  Q5_K_SCALE: k.q4_k_scale,
  Q6_K_SCALE: k.q6_k_scale,
  IQ1_S: lattices.iq1_s,
  IQ1_M: lattices.iq1_m,
  IQ2_XXS: lattices.iq2_xxs,
  IQ2_XS: lattices.iq2_xs,
  IQ2_S: lattices.iq2_s,
  IQ3_XXS: lattices.iq3_xxs,
  IQ3_S: lattices.iq3_s,
  IQ4_NL: iq4_nl,
  IQ4_XS: iq4_xs,
  TQ1_0: tq1_0,
  TQ2_0: tq2_0,
  MXFP4: mxfp4,
  NVFP4: nvfp4,
  Q1_0: q1_0,
};
