// ggml's K-quants: see src/compute/reference/blocks/k_quants.ts. The scales of all sub-blocks come
// first, as float32, into a table that the loops over elements read.
import { crumbs, highNibbles, lowNibbles, store16, store16Above, store8 } from "./blocks";
import { half } from "./narrow_floats";

/** Up to 16 scales… */
const scales = memory.data(64, 16);
/** …and what is added: minima, less than 0. */
const offsets = memory.data(64, 16);

export function fromQ2_K(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 84) {
    const packed = v128.load(source);
    store16(scales, lowNibbles(packed), half(source + 80));
    store16(offsets, highNibbles(packed), f32x4.neg(half(source + 82)));
    let sub: usize = 0;
    for (let at = source + 16; at < source + 80; at += 32) {
      for (let shift = 0; shift < 8; shift += 2) {
        const a = crumbs(v128.load(at), shift), b = crumbs(v128.load(at, 16), shift);
        store16Above(target, a, scaleAt(sub), offsetAt(sub));
        store16Above(target + 64, b, scaleAt(sub + 4), offsetAt(sub + 4));
        sub += 8, target += 128;
      }
    }
  }
}

export function fromQ3_K(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 110) {
    store16(scales, sixBitScales(source + 96), half(source + 108));
    const maskA = v128.load(source), maskB = v128.load(source, 16);
    let sub: usize = 0, bit = i8x16.splat(1);
    for (let at = source + 32; at < source + 96; at += 32) {
      for (let shift = 0; shift < 8; shift += 2) {
        const a = crumbs(v128.load(at), shift), b = crumbs(v128.load(at, 16), shift);
        store16(target, i8x16.sub(a, fourUnless(maskA, bit)), scaleAt(sub));
        store16(target + 64, i8x16.sub(b, fourUnless(maskB, bit)), scaleAt(sub + 4));
        sub += 8, target += 128;
        bit = i8x16.add(bit, bit);
      }
    }
  }
}

export function fromQ4_K(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 144) {
    unpackScales(source);
    let sub: usize = 0;
    for (let at = source + 16; at < source + 144; at += 32) {
      const a = v128.load(at), b = v128.load(at, 16);
      const s = scaleAt(sub), t = scaleAt(sub + 4), m = offsetAt(sub), n = offsetAt(sub + 4);
      store16Above(target, lowNibbles(a), s, m);
      store16Above(target + 64, lowNibbles(b), s, m);
      store16Above(target + 128, highNibbles(a), t, n);
      store16Above(target + 192, highNibbles(b), t, n);
      sub += 8, target += 256;
    }
  }
}

export function fromQ5_K(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 176) {
    unpackScales(source);
    const c = v128.load(source, 16), d = v128.load(source, 32);
    let sub: usize = 0, bit = i8x16.splat(1);
    for (let at = source + 48; at < source + 176; at += 32) {
      const a = v128.load(at), b = v128.load(at, 16), next = i8x16.add(bit, bit);
      const s = scaleAt(sub), t = scaleAt(sub + 4), m = offsetAt(sub), n = offsetAt(sub + 4);
      store16Above(target, v128.or(lowNibbles(a), sixteenIf(c, bit)), s, m);
      store16Above(target + 64, v128.or(lowNibbles(b), sixteenIf(d, bit)), s, m);
      store16Above(target + 128, v128.or(highNibbles(a), sixteenIf(c, next)), t, n);
      store16Above(target + 192, v128.or(highNibbles(b), sixteenIf(d, next)), t, n);
      sub += 8, target += 256;
      bit = i8x16.add(next, next);
    }
  }
}

export function fromQ6_K(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 210) {
    store16(scales, v128.load(source, 192), half(source + 208));
    let sub: usize = 0, high = source + 128;
    for (let low = source; low < source + 128; low += 64, high += 32) {
      const a = v128.load(high), b = v128.load(high, 16);
      sixBits(target, lowNibbles(v128.load(low)), crumbs(a, 0), scaleAt(sub));
      sixBits(target + 64, lowNibbles(v128.load(low, 16)), crumbs(b, 0), scaleAt(sub + 4));
      sixBits(target + 128, lowNibbles(v128.load(low, 32)), crumbs(a, 2), scaleAt(sub + 8));
      sixBits(target + 192, lowNibbles(v128.load(low, 48)), crumbs(b, 2), scaleAt(sub + 12));
      sixBits(target + 256, highNibbles(v128.load(low)), crumbs(a, 4), scaleAt(sub + 16));
      sixBits(target + 320, highNibbles(v128.load(low, 16)), crumbs(b, 4), scaleAt(sub + 20));
      sixBits(target + 384, highNibbles(v128.load(low, 32)), crumbs(a, 6), scaleAt(sub + 24));
      sixBits(target + 448, highNibbles(v128.load(low, 48)), crumbs(b, 6), scaleAt(sub + 28));
      sub += 32, target += 512;
    }
  }
}

export function scalesOfQ2_K(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 84, target += 64) {
    store16(target, lowNibbles(v128.load(source)), half(source + 80));
  }
}

export function scalesOfQ3_K(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 110, target += 64) {
    store16(target, sixBitScales(source + 96), half(source + 108));
  }
}

/** Of Q4_K and of Q5_K, whose blocks are `size` bytes. */
export function scalesOfQ4_K(source: usize, target: usize, end: usize, size: usize): void {
  for (; target < end; source += size, target += 32) {
    const q = i64x2.splat(scalesOf8(load<u32>(source, 4), load<u32>(source, 12)));
    store8(target, q, half(source));
  }
}

export function scalesOfQ6_K(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 210, target += 64) {
    store16(target, v128.load(source, 192), half(source + 208));
  }
}

/** d·scale and −dmin·min of the eight sub-blocks of Q4_K and Q5_K. */
function unpackScales(source: usize): void {
  const both = load<u32>(source, 12);
  store8(scales, i64x2.splat(scalesOf8(load<u32>(source, 4), both)), half(source));
  const minima = i64x2.splat(scalesOf8(load<u32>(source, 8), both >> 4));
  store8(offsets, minima, f32x4.neg(half(source + 2)));
}

/** Eight bytes: the lower six bits of four, and four nibbles with the upper two bits of the four. */
function scalesOf8(four: u32, nibbles: u32): u64 {
  const high = (nibbles & 0x0f0f0f0f) | ((four >> 2) & 0x30303030);
  return (<u64> high << 32) | <u64> (four & 0x3f3f3f3f);
}

/** Q3_K's: nibbles of eight bytes and two bits of four, less 32. */
function sixBitScales(source: usize): v128 {
  const eight = load<u64>(source), four = <u64> load<u32>(source, 8);
  const nibbles = i64x2(
    eight & 0x0f0f0f0f0f0f0f0f,
    (eight >> 4) & 0x0f0f0f0f0f0f0f0f,
  );
  const tops = i64x2(
    ((four << 4) & 0x30303030) | (((four << 2) & 0x30303030) << 32),
    (four & 0x30303030) | (((four >> 2) & 0x30303030) << 32),
  );
  return i8x16.sub(v128.or(nibbles, tops), i8x16.splat(32));
}

function sixBits(target: usize, nibbles: v128, tops: v128, scale: v128): void {
  const q = v128.or(nibbles, i16x8.shl(tops, 4));
  store16(target, i8x16.sub(q, i8x16.splat(32)), scale);
}

function fourUnless(mask: v128, bit: v128): v128 {
  return v128.and(i8x16.splat(4), i8x16.eq(v128.and(mask, bit), i8x16.splat(0)));
}

function sixteenIf(mask: v128, bit: v128): v128 {
  return v128.and(i8x16.splat(16), i8x16.eq(v128.and(mask, bit), bit));
}

function scaleAt(sub: usize): v128 {
  return v128.load_splat<f32>(scales + sub);
}

function offsetAt(sub: usize): v128 {
  return v128.load_splat<f32>(offsets + sub);
}
