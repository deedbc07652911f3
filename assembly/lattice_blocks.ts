// Rows of a grid: see src/compute/reference/blocks/lattices.ts. The host puts the grids into memory,
// each value a signed byte, before it asks for one of these types.
import { spread, store16 } from "./blocks";
import { half } from "./narrow_floats";

/** In this order: iq1, iq2_xxs, iq2_xs, iq2_s, iq3_xxs, iq3_s. */
const grids = memory.data(34816, 16);
const IQ2_XXS = grids + 16384;
const IQ2_XS = grids + 18432;
const IQ2_S = grids + 22528;
const IQ3_XXS = grids + 30720;
const IQ3_S = grids + 31744;

/** Where the grids belong. */
export function gridBase(): usize {
  return grids;
}

export function fromIQ2_XXS(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 66) {
    const quarter = f32x4.mul(half(source), f32x4.splat(0.25));
    for (let at = source + 2; at < source + 66; at += 8, target += 128) {
      const rest = load<u32>(at, 4);
      const scale = halfMore(quarter, rest >> 28);
      signed16(target, eights(IQ2_XXS, load<u8>(at), load<u8>(at, 1)), evenSigns(rest), scale);
      const last = eights(IQ2_XXS, load<u8>(at, 2), load<u8>(at, 3));
      signed16(target + 64, last, evenSigns(rest >> 14), scale);
    }
  }
}

export function fromIQ2_XS(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 74) {
    const quarter = f32x4.mul(half(source), f32x4.splat(0.25));
    for (let j: usize = 0; j < 16; j++, target += 64) {
      const a = <u32> load<u16>(source + 4 * j, 2), b = <u32> load<u16>(source + 4 * j, 4);
      const scale = halfMore(quarter, nibble(source + 66, j));
      const signs = evenSigns((a >> 9) | ((b >> 9) << 7));
      signed16(target, eights(IQ2_XS, a & 511, b & 511), signs, scale);
    }
  }
}

export function fromIQ2_S(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 82) {
    const quarter = f32x4.mul(half(source), f32x4.splat(0.25));
    for (let j: usize = 0; j < 16; j++, target += 64) {
      const high = nibble(source + 66, j), low = <u32> load<u16>(source + 2 * j, 2);
      const rows = eights(IQ2_S, (low & 255) | ((high & 3) << 8), (low >> 8) | ((high >> 2) << 8));
      const scale = halfMore(quarter, nibble(source + 74, j));
      signed16(target, rows, load<u16>(source + 2 * j, 34), scale);
    }
  }
}

export function fromIQ3_XXS(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 98) {
    const two = f32x4.mul(half(source), f32x4.splat(0.5));
    for (let j: usize = 0; j < 8; j++, target += 128) {
      const rest = load<u32>(source + 4 * j, 66);
      const scale = halfMore(two, rest >> 28);
      const at = source + 2 + 8 * j;
      signed16(target, fours(IQ3_XXS, load<u32>(at), 0), evenSigns(rest), scale);
      signed16(target + 64, fours(IQ3_XXS, load<u32>(at, 4), 0), evenSigns(rest >> 14), scale);
    }
  }
}

export function fromIQ3_S(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 110) {
    const d = half(source);
    for (let j: usize = 0; j < 16; j++, target += 64) {
      const rows = fours(IQ3_S, load<u32>(source + 4 * j, 2), nibble(source + 66, j));
      const scale = odd(d, nibble(source + 106, j >> 1));
      signed16(target, rows, load<u16>(source + 2 * j, 74), scale);
    }
  }
}

export function fromIQ1_S(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 50) {
    const d = half(source);
    for (let j: usize = 0; j < 8; j++, target += 128) {
      const rest = <u32> load<u16>(source + 2 * j, 34), low = load<u32>(source + 4 * j, 2);
      const scale = odd(d, (rest >> 12) & 7);
      const move = i8x16.splat(rest & 0x8000 ? -1 : 1);
      moved16(target, low, rest & 63, move, scale);
      moved16(target + 64, low >> 16, (rest >> 6) & 63, move, scale);
    }
  }
}

export function fromIQ1_M(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 56) {
    const scales = load<u64>(source, 48);
    const bits = ((scales >> 12) & 15) | ((scales >> 24) & 0xf0) | ((scales >> 36) & 0xf00) |
      ((scales >> 48) & 0xf000);
    store<u16>(bitsOfD, <u16> bits);
    const d = half(bitsOfD);
    for (let j: usize = 0; j < 16; j++, target += 64) {
      const high = <u32> load<u8>(source + j, 32);
      const scale = odd(d, <u32> (scales >> (16 * (j >> 2) + 3 * (j & 3))) & 7);
      const move = v128.shuffle<i64>(
        i8x16.splat(high & 8 ? -1 : 1),
        i8x16.splat(high & 128 ? -1 : 1),
        0,
        2,
      );
      const tops = (high & 7) | ((high >> 1) & 56);
      moved16(target, load<u16>(source + 2 * j), tops, move, scale);
    }
  }
}

const bitsOfD = memory.data(2);

/** Two rows of eight with a sign for each value. */
function signed16(target: usize, rows: v128, signs: u32, scale: v128): void {
  const minus = spread(signs);
  store16(target, i8x16.sub(v128.xor(rows, minus), minus), scale);
}

/**
 * Two rows of eight of `iq1`, each value moved by an eighth: by way of eighths. `low` has the lower
 * bytes of the indices, `tops` the three bits above them of each.
 */
function moved16(target: usize, low: u32, tops: u32, move: v128, scale: v128): void {
  const rows = eights(
    grids,
    (low & 255) | ((tops & 7) << 8),
    ((low >> 8) & 255) | ((tops >> 3) << 8),
  );
  const eighths = i8x16.add(v128.and(i16x8.shl(rows, 3), i8x16.splat(-8)), move);
  store16(target, eighths, f32x4.mul(scale, f32x4.splat(0.125)));
}

/** Two rows of eight. */
function eights(grid: usize, first: u32, second: u32): v128 {
  return i64x2(load<i64>(grid + (<usize> first << 3)), load<i64>(grid + (<usize> second << 3)));
}

/** Four rows of four: lower bytes of their indices, and the bits above these. */
function fours(grid: usize, low: u32, tops: u32): v128 {
  return i32x4(
    load<i32>(grid + (((low & 255) | ((tops & 1) << 8)) << 2)),
    load<i32>(grid + ((((low >> 8) & 255) | ((tops & 2) << 7)) << 2)),
    load<i32>(grid + ((((low >> 16) & 255) | ((tops & 4) << 6)) << 2)),
    load<i32>(grid + (((low >> 24) | ((tops & 8) << 5)) << 2)),
  );
}

/** Twice seven signs to twice eight: their number is even. */
function evenSigns(signs: u32): u32 {
  const a = signs & 127, b = (signs >> 7) & 127;
  return a | ((popcnt(a) & 1) << 7) | (b << 8) | ((popcnt(b) & 1) << 15);
}

function nibble(at: usize, j: usize): u32 {
  return (<u32> load<u8>(at + (j >> 1)) >> <u32> ((j & 1) << 2)) & 15;
}

/** d·(½ + s). */
function halfMore(d: v128, s: u32): v128 {
  return f32x4.mul(d, f32x4.splat(<f32> 0.5 + <f32> s));
}

/** d·(2s + 1). */
function odd(d: v128, s: u32): v128 {
  return f32x4.mul(d, f32x4.splat(<f32> (s + s + 1)));
}
