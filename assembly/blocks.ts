// What the kernels of quantized blocks are made of: 8 or 16 small integers at once, times a scale.

/** Two's complement of 16 elements (integers of 8 bits) times `scale`, to float32. */
export function store16(target: usize, q: v128, scale: v128): void {
  const low = i16x8.extend_low_i8x16_s(q), high = i16x8.extend_high_i8x16_s(q);
  v128.store(target, f32x4.mul(scale, lowFloats(low)));
  v128.store(target, f32x4.mul(scale, highFloats(low)), 16);
  v128.store(target, f32x4.mul(scale, lowFloats(high)), 32);
  v128.store(target, f32x4.mul(scale, highFloats(high)), 48);
}

/** The same plus `offset`. */
export function store16Above(target: usize, q: v128, scale: v128, offset: v128): void {
  const low = i16x8.extend_low_i8x16_s(q), high = i16x8.extend_high_i8x16_s(q);
  v128.store(target, f32x4.add(f32x4.mul(scale, lowFloats(low)), offset));
  v128.store(target, f32x4.add(f32x4.mul(scale, highFloats(low)), offset), 16);
  v128.store(target, f32x4.add(f32x4.mul(scale, lowFloats(high)), offset), 32);
  v128.store(target, f32x4.add(f32x4.mul(scale, highFloats(high)), offset), 48);
}

/** `store16` of the first 8. */
export function store8(target: usize, q: v128, scale: v128): void {
  const low = i16x8.extend_low_i8x16_s(q);
  v128.store(target, f32x4.mul(scale, lowFloats(low)));
  v128.store(target, f32x4.mul(scale, highFloats(low)), 16);
}

function lowFloats(v: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(v));
}

function highFloats(v: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(v));
}

/** Lower halves of 16 bytes. */
export function lowNibbles(v: v128): v128 {
  return v128.and(v, i8x16.splat(15));
}

/** Upper halves of 16 bytes. */
export function highNibbles(v: v128): v128 {
  return v128.and(i16x8.shr_u(v, 4), i8x16.splat(15));
}

/** Two bits of each of 16 bytes, from bit `shift` on. */
export function crumbs(v: v128, shift: i32): v128 {
  return v128.and(i16x8.shr_u(v, shift), i8x16.splat(3));
}

/** 16 bits to 16 bytes of all ones or none, the lowest bit first. */
export function spread(bits: i32): v128 {
  const each = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  const twice = i16x8.splat(<i16> bits);
  const bytes = v128.shuffle<u8>(twice, twice, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  return i8x16.eq(v128.and(bytes, each), each);
}
