// Nibbles that stand for one of 16 values: see src/compute/reference/blocks/codebooks.ts.
import { highNibbles, lowNibbles, store16 } from "./blocks";
import { half } from "./narrow_floats";

const UNEVEN = memory.data<i8>(
  [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113],
  16,
);
const DOUBLED = memory.data<i8>([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], 16);

export function fromIQ4_NL(source: usize, target: usize, end: usize): void {
  const values = v128.load(UNEVEN);
  for (; target < end; source += 18, target += 128) {
    look32(target, values, v128.load(source, 2), half(source));
  }
}

export function fromIQ4_XS(source: usize, target: usize, end: usize): void {
  const values = v128.load(UNEVEN);
  for (; target < end; source += 136) {
    const d = half(source);
    let high = <i32> load<u16>(source, 2), low = load<i32>(source, 4);
    for (let at = source + 8; at < source + 136; at += 16, target += 128) {
      const scale = ((low & 15) | ((high & 3) << 4)) - 32;
      look32(target, values, v128.load(at), f32x4.mul(d, f32x4.splat(<f32> scale)));
      low >>= 4, high >>= 2;
    }
  }
}

export function fromMXFP4(source: usize, target: usize, end: usize): void {
  const values = v128.load(DOUBLED);
  for (; target < end; source += 17, target += 128) {
    // Half of the power of two; 2^-128 and 2^-127 are subnormal.
    const exponent = <u32> load<u8>(source);
    const bits = exponent < 2 ? 0x00200000 << exponent : (exponent - 1) << 23;
    look32(target, values, v128.load(source, 1), i32x4.splat(bits));
  }
}

export function fromNVFP4(source: usize, target: usize, end: usize): void {
  const values = v128.load(DOUBLED);
  for (; target < end; source += 36) {
    for (let j: usize = 0; j < 4; j++, target += 64) {
      const q = v128.load64_zero(source + 8 * j, 4);
      // Bytes of low nibbles, then of high ones.
      const both = i8x16.shuffle(
        lowNibbles(q),
        highNibbles(q),
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        16,
        17,
        18,
        19,
        20,
        21,
        22,
        23,
      );
      store16(target, i8x16.swizzle(values, both), f32x4.splat(halfOfE4M3(load<u8>(source + j))));
    }
  }
}

/** 16 elements of lower nibbles and 16 of upper ones. */
function look32(target: usize, values: v128, q: v128, scale: v128): void {
  store16(target, i8x16.swizzle(values, lowNibbles(q)), scale);
  store16(target + 64, i8x16.swizzle(values, highNibbles(q)), scale);
}

/** Half the value of an E4M3 whose sign is ignored and whose 127 is 0. */
function halfOfE4M3(bits: u32): f32 {
  const magnitude = bits & 127;
  if (bits == 127) return 0;
  if (magnitude < 8) return <f32> magnitude * <f32> 0.0009765625;
  return reinterpret<f32>((magnitude << 20) + (119 << 23));
}
