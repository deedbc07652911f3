// Four samples of a ray at once, of a brick of bytes, in integers: positions have 23 bits behind the
// point, values 7, so that an interpolated byte is off by at most 0.012.
import { BYTE_ROW, BYTE_SLICE } from "./ray_bricks";

/** Splats: 0x7fff, the last position in a brick; 0x7f80 in each half; distances of rows and slices. */
const CONSTANTS = memory.data<i32>([0x7fff, 0x3ffffff, 0x7f807f80, BYTE_ROW, BYTE_SLICE], 16);

/** Lanes 0, 1, 2, 3. */
const LANES = memory.data<i32>([0, 1, 2, 3], 16);

export function constant(i: usize): v128 {
  return v128.load_splat<i32>(CONSTANTS + (i << 2));
}

/** Which of the four samples from k on are below `end`: all bits set. */
export function lanesBelow(k: i32, end: i32): v128 {
  return i32x4.gt_s(i32x4.splat(end - k), v128.load(LANES));
}

/** Added to a float64, it leaves the number, rounded, in the low bits. */
const UNIT: f64 = 1.5 * 4503599627370496;

/** Positions of samples k…k + 3 along an axis, in block `block` of it. */
export function positions(start: f64, step: f64, k: i32, block: i32, ahead: v128): v128 {
  const at = <i32> reinterpret<i64>((start + k * step) * 8388608 + UNIT);
  return i32x4.add(i32x4.splat(at - (block << 26)), ahead);
}

/** How much further samples 0…3 are than the first. */
export function ahead(step: f64): v128 {
  return i32x4.mul(i32x4.splat(<i32> (step * 8388608)), v128.load(LANES));
}

/** Change of a position in four samples. */
export function four(step: f64): v128 {
  return i32x4.splat(<i32> (step * 8388608) << 2);
}

/** The least whole number that is not below, but for 1e-8, a number. */
export function roundUp(number: f64): i32 {
  return <i32> reinterpret<i64>(number + 0.49999999 + UNIT);
}

/** Positions in a brick's block: what rounding leads out of it is brought back. */
export function inBrick(x: v128): v128 {
  return i32x4.min_s(i32x4.max_s(x, i32x4.splat(0)), constant(1));
}

/** What lies behind the point of positions: 0…32767. */
export function share(x: v128): v128 {
  return v128.and(i32x4.shr_u(x, 8), constant(0));
}

/** In both halves. */
export function twice(x: v128): v128 {
  return v128.or(x, i32x4.shl(x, 16));
}

/** Where in a brick the voxels before four positions lie. */
export function placesOf(x: v128, y: v128, z: v128): v128 {
  return i32x4.add(
    i32x4.shr_u(x, 23),
    i32x4.add(
      i16x8.mul(i32x4.shr_u(y, 23), constant(3)),
      i16x8.mul(i32x4.shr_u(z, 23), constant(4)),
    ),
  );
}

/** In a class, since only there do formatters know of decorators. */
export class Four {
  /**
   * Values of four positions, times 128: 0…32640 each. Inlined: a call would spill what its loop keeps
   * in registers.
   */
  @inline
  static interpolate(brick: usize, x: v128, y: v128, z: v128): v128 {
    x = inBrick(x);
    y = inBrick(y);
    z = inBrick(z);
    const places = placesOf(x, y, z);
    const a = brick + i32x4.extract_lane(places, 0), b = brick + i32x4.extract_lane(places, 1);
    const c = brick + i32x4.extract_lane(places, 2), d = brick + i32x4.extract_lane(places, 3);
    // Pairs of bytes: (x, y) and (x + 1, y), then those of y + 1.
    let near = v128.load_lane<u16>(a, i32x4.splat(0), 0);
    near = v128.load_lane<u16>(a, near, 1, BYTE_ROW);
    near = v128.load_lane<u16>(b, near, 2);
    near = v128.load_lane<u16>(b, near, 3, BYTE_ROW);
    near = v128.load_lane<u16>(c, near, 4);
    near = v128.load_lane<u16>(c, near, 5, BYTE_ROW);
    near = v128.load_lane<u16>(d, near, 6);
    near = v128.load_lane<u16>(d, near, 7, BYTE_ROW);
    let far = v128.load_lane<u16>(a, i32x4.splat(0), 0, BYTE_SLICE);
    far = v128.load_lane<u16>(a, far, 1, BYTE_SLICE + BYTE_ROW);
    far = v128.load_lane<u16>(b, far, 2, BYTE_SLICE);
    far = v128.load_lane<u16>(b, far, 3, BYTE_SLICE + BYTE_ROW);
    far = v128.load_lane<u16>(c, far, 4, BYTE_SLICE);
    far = v128.load_lane<u16>(c, far, 5, BYTE_SLICE + BYTE_ROW);
    far = v128.load_lane<u16>(d, far, 6, BYTE_SLICE);
    far = v128.load_lane<u16>(d, far, 7, BYTE_SLICE + BYTE_ROW);

    const byte = constant(2), shareX = twice(share(x)), shareZ = twice(share(z));
    // Even bytes are of column x, odd ones of the next.
    const left = mix(
      v128.and(i16x8.shl(near, 7), byte),
      v128.and(i16x8.shl(far, 7), byte),
      shareZ,
    );
    const right = mix(
      v128.and(i16x8.shr_u(near, 1), byte),
      v128.and(i16x8.shr_u(far, 1), byte),
      shareZ,
    );
    const both = mix(left, right, shareX);
    const below = i32x4.shr_u(both, 16);
    const value = mix(both, below, share(y));
    return v128.and(value, i32x4.splat(0xffff));
  }
}

/** From a to b, of which both are 0…32640, by a share of 32768. */
export function mix(a: v128, b: v128, share: v128): v128 {
  return i16x8.add(a, i16x8.relaxed_q15mulr_s(i16x8.sub(b, a), share));
}
