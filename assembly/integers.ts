// Integers to float32, rounded to nearest; 64 bits by way of float64, as `Number(bigint)` goes.

/** Eight bits need no rounding: bytes widened to 16, then 32 bits. */
export function fromI8(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 64) storeI8(target, v128.load(source));
}

export function fromU8(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 64) storeU8(target, v128.load(source));
}

/** Nibbles, the first in the lower half of a byte; two's complement. */
export function fromI4(source: usize, target: usize, end: usize): void {
  const eight = i8x16.splat(8);
  for (; target < end; source += 8, target += 64) {
    storeI8(target, i8x16.sub(v128.xor(nibbles16(source), eight), eight));
  }
}

export function fromU4(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 8, target += 64) storeI8(target, nibbles16(source));
}

/** 0 is 0, all else is 1. */
export function fromBool(source: usize, target: usize, end: usize): void {
  const zero = i8x16.splat(0), one = i8x16.splat(1);
  for (; target < end; source += 16, target += 64) {
    storeU8(target, v128.and(one, i8x16.ne(v128.load(source), zero)));
  }
}

export function fromI16(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 32) storeI16(target, v128.load(source));
}

export function fromU16(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 32) {
    const words = v128.load(source);
    v128.store(target, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(words)));
    v128.store(target, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(words)), 16);
  }
}

export function fromI32(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 16) {
    v128.store(target, f32x4.convert_i32x4_s(v128.load(source)));
  }
}

export function fromU32(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 16) {
    v128.store(target, f32x4.convert_i32x4_u(v128.load(source)));
  }
}

export function fromI64(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 8, target += 4) {
    store<f32>(target, <f32> <f64> load<i64>(source));
  }
}

export function fromU64(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 8, target += 4) {
    store<f32>(target, <f32> <f64> load<u64>(source));
  }
}

/** The 16 nibbles of 8 bytes, a byte each. */
export function nibbles16(source: usize): v128 {
  const bytes = v128.load64_zero(source);
  const low = v128.and(bytes, i8x16.splat(15)), high = i8x16.shr_u(bytes, 4);
  return v128.shuffle<u8>(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

function storeI8(target: usize, bytes: v128): void {
  storeI16(target, i16x8.extend_low_i8x16_s(bytes));
  storeI16(target + 32, i16x8.extend_high_i8x16_s(bytes));
}

function storeU8(target: usize, bytes: v128): void {
  storeI16(target, i16x8.extend_low_i8x16_u(bytes));
  storeI16(target + 32, i16x8.extend_high_i8x16_u(bytes));
}

function storeI16(target: usize, words: v128): void {
  v128.store(target, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)));
  v128.store(target, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)), 16);
}
