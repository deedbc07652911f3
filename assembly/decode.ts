// decode: rows of raw little-endian elements to float32; big-endian bytes go through `swap` before.
// One function a dtype, which takes 16 elements or a block at a time. The end of a row that is not a
// multiple of 16 goes through `rest`: up to 15 elements more than asked are read, for which the host
// leaves room. Rows of blocks end with a block.
import * as codebook from "./codebook_blocks";
import { fromBool, fromI16, fromI32, fromI4, fromI64, fromI8 } from "./integers";
import { fromU16, fromU32, fromU4, fromU64, fromU8 } from "./integers";
import * as k from "./k_blocks";
import * as lattice from "./lattice_blocks";
import * as linear from "./linear_blocks";
import { fromBF16, fromF16, fromF64 } from "./narrow_floats";
import { fromF4E2M1, fromF8E4M3, fromF8E4M3FNUZ } from "./narrow_floats";
import { fromF8E5M2, fromF8E5M2FNUZ, fromF8E8M0 } from "./narrow_floats";
import * as ternary from "./ternary_blocks";

export { gridBase } from "./lattice_blocks";

const rest = memory.data(64, 16);

/** In the order of `dtypes`, then `blocks`, in src/formats/format.ts. */
const enum Dtype {
  F64,
  F32,
  F16,
  BF16,
  F8_E4M3,
  F8_E5M2,
  F8_E4M3FNUZ,
  F8_E5M2FNUZ,
  F8_E8M0,
  I64,
  I32,
  I16,
  I8,
  U64,
  U32,
  U16,
  U8,
  BOOL,
  I4,
  U4,
  F4_E2M1,
  Q4_0,
  Q4_1,
  Q5_0,
  Q5_1,
  Q8_0,
  Q8_1,
  Q2_K,
  Q3_K,
  Q4_K,
  Q5_K,
  Q6_K,
  Q8_K,
  IQ1_S,
  IQ1_M,
  IQ2_XXS,
  IQ2_XS,
  IQ2_S,
  IQ3_XXS,
  IQ3_S,
  IQ4_NL,
  IQ4_XS,
  TQ1_0,
  TQ2_0,
  MXFP4,
  NVFP4,
  Q1_0,
  Q2_K_SCALE,
  Q3_K_SCALE,
  Q4_K_SCALE,
  Q5_K_SCALE,
  Q6_K_SCALE,
}

/** `elements` lie in `bytes`; pitches are in bytes. */
export function decode(
  dtype: i32,
  elements: i32,
  bytes: usize,
  source: usize,
  sourcePitch: usize,
  width: i32,
  rows: i32,
  target: usize,
  targetPitch: usize,
): void {
  const whole = elements < 8 ? width & ~15 : width;
  const left = <usize> (width - whole) << 2;
  for (; rows > 0; rows--) {
    const end = target + (<usize> whole << 2);
    decodeRow(dtype, source, target, end);
    if (left > 0) {
      decodeRow(dtype, source + <usize> (whole / elements) * bytes, rest, rest + 64);
      memory.copy(end, rest, left);
    }
    source += sourcePitch;
    target += targetPitch;
  }
}

function decodeRow(dtype: i32, source: usize, target: usize, end: usize): void {
  switch (dtype) {
    case Dtype.F64:
      return fromF64(source, target, end);
    case Dtype.F32:
      return memory.copy(target, source, end - target);
    case Dtype.F16:
      return fromF16(source, target, end);
    case Dtype.BF16:
      return fromBF16(source, target, end);
    case Dtype.F8_E4M3:
      return fromF8E4M3(source, target, end);
    case Dtype.F8_E5M2:
      return fromF8E5M2(source, target, end);
    case Dtype.F8_E4M3FNUZ:
      return fromF8E4M3FNUZ(source, target, end);
    case Dtype.F8_E5M2FNUZ:
      return fromF8E5M2FNUZ(source, target, end);
    case Dtype.F8_E8M0:
      return fromF8E8M0(source, target, end);
    case Dtype.I64:
      return fromI64(source, target, end);
    case Dtype.I32:
      return fromI32(source, target, end);
    case Dtype.I16:
      return fromI16(source, target, end);
    case Dtype.I8:
      return fromI8(source, target, end);
    case Dtype.U64:
      return fromU64(source, target, end);
    case Dtype.U32:
      return fromU32(source, target, end);
    case Dtype.U16:
      return fromU16(source, target, end);
    case Dtype.U8:
      return fromU8(source, target, end);
    case Dtype.BOOL:
      return fromBool(source, target, end);
    case Dtype.I4:
      return fromI4(source, target, end);
    case Dtype.U4:
      return fromU4(source, target, end);
    case Dtype.F4_E2M1:
      return fromF4E2M1(source, target, end);
    default:
      return decodeBlocks(dtype, source, target, end);
  }
}

function decodeBlocks(dtype: i32, source: usize, target: usize, end: usize): void {
  switch (dtype) {
    case Dtype.Q4_0:
      return linear.fromQ4_0(source, target, end);
    case Dtype.Q4_1:
      return linear.fromQ4_1(source, target, end);
    case Dtype.Q5_0:
      return linear.fromQ5_0(source, target, end);
    case Dtype.Q5_1:
      return linear.fromQ5_1(source, target, end);
    case Dtype.Q8_0:
      return linear.fromQ8_0(source, target, end);
    case Dtype.Q8_1:
      return linear.fromQ8_1(source, target, end);
    case Dtype.Q2_K:
      return k.fromQ2_K(source, target, end);
    case Dtype.Q3_K:
      return k.fromQ3_K(source, target, end);
    case Dtype.Q4_K:
      return k.fromQ4_K(source, target, end);
    case Dtype.Q5_K:
      return k.fromQ5_K(source, target, end);
    case Dtype.Q6_K:
      return k.fromQ6_K(source, target, end);
    case Dtype.Q8_K:
      return linear.fromQ8_K(source, target, end);
    case Dtype.IQ1_S:
      return lattice.fromIQ1_S(source, target, end);
    case Dtype.IQ1_M:
      return lattice.fromIQ1_M(source, target, end);
    case Dtype.IQ2_XXS:
      return lattice.fromIQ2_XXS(source, target, end);
    case Dtype.IQ2_XS:
      return lattice.fromIQ2_XS(source, target, end);
    case Dtype.IQ2_S:
      return lattice.fromIQ2_S(source, target, end);
    case Dtype.IQ3_XXS:
      return lattice.fromIQ3_XXS(source, target, end);
    case Dtype.IQ3_S:
      return lattice.fromIQ3_S(source, target, end);
    case Dtype.IQ4_NL:
      return codebook.fromIQ4_NL(source, target, end);
    case Dtype.IQ4_XS:
      return codebook.fromIQ4_XS(source, target, end);
    case Dtype.TQ1_0:
      return ternary.fromTQ1_0(source, target, end);
    case Dtype.TQ2_0:
      return ternary.fromTQ2_0(source, target, end);
    case Dtype.MXFP4:
      return codebook.fromMXFP4(source, target, end);
    case Dtype.NVFP4:
      return codebook.fromNVFP4(source, target, end);
    case Dtype.Q1_0:
      return ternary.fromQ1_0(source, target, end);
    case Dtype.Q2_K_SCALE:
      return k.scalesOfQ2_K(source, target, end);
    case Dtype.Q3_K_SCALE:
      return k.scalesOfQ3_K(source, target, end);
    case Dtype.Q4_K_SCALE:
      return k.scalesOfQ4_K(source, target, end, 144);
    case Dtype.Q5_K_SCALE:
      return k.scalesOfQ4_K(source, target, end, 176);
    default:
      return k.scalesOfQ6_K(source, target, end);
  }
}
