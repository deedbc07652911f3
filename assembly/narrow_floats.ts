// Other floats to float32. The narrow ones go by integers, so that no arithmetic meets a subnormal
// operand (which costs some processors a hundred cycles): put the sign on top, move exponent and
// fraction to float32's place, add the difference of the biases.

import { nibbles16 } from "./integers";

/** What `widen` needs, loaded rather than constant for the same reason as in curves.ts. */
const F16 = memory.data<i32>(
  [0x80000000, 112 << 23, 113 << 23, 0x00800000, 0x0f7fffff, 0x7f800000],
  16,
);
const E4M3 = memory.data<i32>(
  [0x80000000, 120 << 23, 121 << 23, 0x00800000, 0x07efffff, 0x7fc00000],
  16,
);

const E5M2FNUZ = memory.data<i32>(
  [0x80000000, 111 << 23, 112 << 23, 0x00800000, 0x7fffffff, 0],
  16,
);
const E4M3FNUZ = memory.data<i32>(
  [0x80000000, 119 << 23, 120 << 23, 0x00800000, 0x7fffffff, 0],
  16,
);

/** Upper bytes of 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives as float32, and the bytes below. */
const E2M1 = memory.data<u8>([
  0,
  0x3f,
  0x3f,
  0x3f,
  0x40,
  0x40,
  0x40,
  0x40,
  0x80,
  0xbf,
  0xbf,
  0xbf,
  0xc0,
  0xc0,
  0xc0,
  0xc0,
  0,
  0,
  0x80,
  0xc0,
  0,
  0x40,
  0x80,
  0xc0,
  0,
  0,
  0x80,
  0xc0,
  0,
  0x40,
  0x80,
  0xc0,
], 16);

export function fromF64(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 32, target += 16) {
    const low = f32x4.demote_f64x2_zero(v128.load(source));
    const high = f32x4.demote_f64x2_zero(v128.load(source, 16));
    v128.store(target, v128.shuffle<f32>(low, high, 0, 1, 4, 5));
  }
}

/** bfloat16 is the upper half of float32. */
export function fromBF16(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 32, target += 64) {
    const a = v128.load(source), b = v128.load(source, 16);
    v128.store(target, lowHalves(a));
    v128.store(target, highHalves(a), 16);
    v128.store(target, lowHalves(b), 32);
    v128.store(target, highHalves(b), 48);
  }
}

export function fromF16(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 32) storeHalves(target, v128.load(source));
}

/** E5M2 is the upper byte of float16. */
export function fromF8E5M2(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 64) {
    const bytes = v128.load(source);
    storeHalves(target, lowBytes(bytes));
    storeHalves(target + 32, highBytes(bytes));
  }
}

/** E4M3 without infinities: S.1111.111 alone is NaN. */
export function fromF8E4M3(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 64) {
    const bytes = v128.load(source);
    const low = lowBytes(bytes), high = highBytes(bytes);
    v128.store(target, widen(lowHalves(low), 4, E4M3));
    v128.store(target, widen(highHalves(low), 4, E4M3), 16);
    v128.store(target, widen(lowHalves(high), 4, E4M3), 32);
    v128.store(target, widen(highHalves(high), 4, E4M3), 48);
  }
}

/** Without infinities and −0, whose pattern is NaN; exponents count from one lower than IEEE's. */
export function fromF8E5M2FNUZ(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 64) {
    storeFNUZ(target, v128.load(source), 3, E5M2FNUZ);
  }
}

export function fromF8E4M3FNUZ(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 16, target += 64) {
    storeFNUZ(target, v128.load(source), 4, E4M3FNUZ);
  }
}

/** Exponents alone; the highest is NaN, the lowest gives a subnormal. */
export function fromF8E8M0(source: usize, target: usize, end: usize): void {
  const least = i32x4.splat(0x00400000), nan = i32x4.splat(0x7fc00000);
  for (; target < end; source += 4, target += 16) {
    const bytes = i16x8.extend_low_i8x16_u(v128.load32_zero(source));
    const bits = i32x4.shl(i32x4.extend_low_i16x8_u(bytes), 23);
    const lowest = i32x4.eq(bits, i32x4.splat(0)),
      highest = i32x4.gt_s(bits, i32x4.splat(0x7f7fffff));
    v128.store(target, v128.or(bits, v128.or(v128.and(least, lowest), v128.and(nan, highest))));
  }
}

export function fromF4E2M1(source: usize, target: usize, end: usize): void {
  const upper = v128.load(E2M1), lower = v128.load(E2M1, 16);
  for (; target < end; source += 8, target += 64) {
    const bits = nibbles16(source);
    const u = i8x16.swizzle(upper, bits), l = i8x16.swizzle(lower, bits);
    const a = v128.shuffle<u8>(l, u, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const b = v128.shuffle<u8>(l, u, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    v128.store(target, lowHalves(a));
    v128.store(target, highHalves(a), 16);
    v128.store(target, lowHalves(b), 32);
    v128.store(target, highHalves(b), 48);
  }
}

/** The float16 at an address, in every lane. */
export function half(source: usize): v128 {
  const bits = <u32> load<u16>(source), magnitude = bits & 0x7fff;
  const normal = (magnitude << 13) + (112 << 23);
  const high = select<u32>(0x7f800000, 0, magnitude >= 0x7c00);
  // A subnormal is a number of 2^-24, and by this way no operand is a subnormal of float32.
  const subnormal = reinterpret<u32>(<f32> <i32> magnitude * <f32> 5.9604644775390625e-8);
  const wide = select<u32>(subnormal, normal | high, magnitude < 0x400);
  return i32x4.splat(wide | ((bits & 0x8000) << 16));
}

function storeFNUZ(target: usize, bytes: v128, shift: i32, table: usize): void {
  const low = lowBytes(bytes), high = highBytes(bytes);
  v128.store(target, nanForMinusZero(widen(lowHalves(low), shift, table)));
  v128.store(target, nanForMinusZero(widen(highHalves(low), shift, table)), 16);
  v128.store(target, nanForMinusZero(widen(lowHalves(high), shift, table)), 32);
  v128.store(target, nanForMinusZero(widen(highHalves(high), shift, table)), 48);
}

function nanForMinusZero(v: v128): v128 {
  const minusZero = i32x4.eq(v, i32x4.splat(0x80000000));
  return v128.or(v, v128.and(minusZero, i32x4.splat(0x7fc00000)));
}

function storeHalves(target: usize, halves: v128): void {
  v128.store(target, widen(lowHalves(halves), 3, F16));
  v128.store(target, widen(highHalves(halves), 3, F16), 16);
}

/** Four narrow floats on top of the lanes, whose exponent has 8 − `shift` bits, to float32. */
function widen(top: v128, shift: i32, table: usize): v128 {
  const sign = v128.and(top, v128.load_splat<i32>(table));
  const magnitude = i32x4.shr_u(v128.xor(top, sign), shift);
  const normal = i32x4.add(magnitude, v128.load_splat<i32>(table, 4));
  // Subnormal: 1.fraction × 2^least, less the 1 that is not there. Exact, and never subnormal here.
  const least = v128.load_splat<i32>(table, 8);
  const subnormal = f32x4.sub(i32x4.add(magnitude, least), least);
  const small = i32x4.gt_s(v128.load_splat<i32>(table, 12), magnitude);
  // Infinity and NaN keep their fraction and get the highest exponent.
  const special = i32x4.gt_s(magnitude, v128.load_splat<i32>(table, 16));
  const high = v128.and(special, v128.load_splat<i32>(table, 20));
  return v128.or(v128.or(sign, high), v128.bitselect(subnormal, normal, small));
}

/** Halves 0–3 in the upper halves of four lanes, zero below. */
export function lowHalves(v: v128): v128 {
  return v128.shuffle<i16>(i32x4.splat(0), v, 0, 8, 1, 9, 2, 10, 3, 11);
}

export function highHalves(v: v128): v128 {
  return v128.shuffle<i16>(i32x4.splat(0), v, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Bytes 0–7 in the upper bytes of eight halves, zero below. */
function lowBytes(v: v128): v128 {
  return i16x8.shl(i16x8.extend_low_i8x16_u(v), 8);
}

function highBytes(v: v128): v128 {
  return i16x8.shl(i16x8.extend_high_i8x16_u(v), 8);
}
