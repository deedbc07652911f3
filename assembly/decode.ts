// decode: rows of raw little-endian elements to float32; big-endian bytes go through `swap` before.
// One function a dtype, which takes 16 elements at a time. The end of a row that is not a multiple
// goes through `rest`: up to 15 elements more than asked are read, for which the host leaves room.
import { fromI16, fromI32, fromI64, fromI8 } from "./integers";
import { fromBool, fromU16, fromU32, fromU64, fromU8 } from "./integers";
import { fromBF16, fromF16, fromF64, fromF8E4M3, fromF8E5M2 } from "./narrow_floats";

const rest = memory.data(64, 16);

/** In the order of `dtypes` in src/formats/format.ts. */
const enum Dtype {
  F64,
  F32,
  F16,
  BF16,
  F8_E4M3,
  F8_E5M2,
  I64,
  I32,
  I16,
  I8,
  U64,
  U32,
  U16,
  U8,
  BOOL,
}

/** `size` is that of an element; pitches are in bytes. */
export function decode(
  dtype: i32,
  size: usize,
  source: usize,
  sourcePitch: usize,
  width: i32,
  rows: i32,
  target: usize,
  targetPitch: usize,
): void {
  const whole = <usize> (width & ~15);
  const left = <usize> (width & 15);
  for (; rows > 0; rows--) {
    decodeRow(dtype, source, target, target + (whole << 2));
    if (left > 0) {
      decodeRow(dtype, source + whole * size, rest, rest + 64);
      memory.copy(target + (whole << 2), rest, left << 2);
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
    default:
      return fromBool(source, target, end);
  }
}
