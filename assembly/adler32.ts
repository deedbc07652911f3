// Adler-32 (RFC 1950): s1 = 1 + Σ byte, s2 = Σ of s1 after each byte, both modulo 65521.

/** Bytes after which sums that started below 65521 could pass 2^32. */
const SPAN = 5552;
const MODULO: u32 = 65521;

/** Adler-32 of `length` bytes. */
export function adler32(source: usize, length: usize): u32 {
  let s1: u32 = 1;
  let s2: u32 = 0;
  const end = source + length;
  while (source < end) {
    const stop = source + min<usize>(end - source, SPAN);
    const vectors = (stop - source) & ~15;
    s2 += s1 * <u32> vectors;
    // In 16 bytes, byte j is counted 16 - j times in s2; sums of earlier vectors 16 times.
    let sums = i32x4.splat(0);
    let earlier = i32x4.splat(0);
    let weighted = i32x4.splat(0);
    for (const last = source + vectors; source < last; source += 16) {
      const bytes = v128.load(source);
      earlier = i32x4.add(earlier, sums);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes)));
      const low = i16x8.extend_low_i8x16_u(bytes);
      const high = i16x8.extend_high_i8x16_u(bytes);
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(low, i16x8(16, 15, 14, 13, 12, 11, 10, 9)));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(high, i16x8(8, 7, 6, 5, 4, 3, 2, 1)));
    }
    s2 += total(i32x4.add(i32x4.shl(earlier, 4), weighted));
    s1 += total(sums);
    for (; source < stop; source++) {
      s1 += load<u8>(source);
      s2 += s1;
    }
    s1 %= MODULO;
    s2 %= MODULO;
  }
  return s2 << 16 | s1;
}

function total(lanes: v128): u32 {
  return i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) + i32x4.extract_lane(lanes, 3);
}
