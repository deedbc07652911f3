// Integers to float32, rounded to nearest; 64 bits by way of float64, as `Number(bigint)` goes.

/** Eight bits need no rounding: bytes widened to 16, then 32 bits. */
export function fromI8(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 64) {
    const bytes = v128.load(source);
    storeI16(target, i16x8.extend_low_i8x16_s(bytes));
    storeI16(target + 32, i16x8.extend_high_i8x16_s(bytes));
  }
}

export function fromU8(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 64) storeU8(target, v128.load(source));
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

function storeU8(target: usize, bytes: v128): void {
  storeI16(target, i16x8.extend_low_i8x16_u(bytes));
  storeI16(target + 32, i16x8.extend_high_i8x16_u(bytes));
}

function storeI16(target: usize, words: v128): void {
  v128.store(target, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)));
  v128.store(target, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)), 16);
}
