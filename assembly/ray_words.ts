// Samples of bricks of four channels, one by one: the eight voxels about a sample are two vectors, and
// colours of hues are summed by how near and how heavy voxels are.
import { WORD_ROW, WORD_SLICE } from "./ray_bricks";
import { startX, startY, startZ, stepX, stepY, stepZ, view } from "./ray_state";

/** The last position in a block, in float32. */
const LAST: f32 = 8 - 1 / 2097152;

/** Bytes to the next voxel along each axis: one, `WORD_ROW` and `WORD_SLICE`. */
const STRIDES = memory.data<f32>([4, 36, 324, 0], 16);

/** Added to a float32, it leaves the number in the low bits. */
const UNIT: f32 = 8388608;

/** Set by `wordAt`: value, 0…255, and the near and far voxels with their shares. */
export let value: f32 = 0;
let near: v128 = i32x4.splat(0);
let far: v128 = i32x4.splat(0);
let nearShares: v128 = i32x4.splat(0);
let farShares: v128 = i32x4.splat(0);

/** Where sample k is in block (x, y, z), and change from sample to sample. */
export function placeOf(k: i32, x: i32, y: i32, z: i32): v128 {
  return f32x4(
    <f32> (startX + k * stepX - (x << 3)),
    <f32> (startY + k * stepY - (y << 3)),
    <f32> (startZ + k * stepZ - (z << 3)),
    0,
  );
}

export function strideOf(): v128 {
  return f32x4(<f32> stepX, <f32> stepY, <f32> stepZ, 0);
}

/** Looks at a position of a block with a brick. */
export function wordAt(brick: usize, place: v128): void {
  const zero = i32x4.splat(0), one = f32x4.splat(1), byte = i32x4.splat(255);
  const inside = f32x4.pmin(f32x4.splat(LAST), f32x4.pmax(zero, place));
  const whole = f32x4.floor(inside);
  const next = f32x4.sub(inside, whole), here = f32x4.sub(one, next);
  const offsets = f32x4.mul(whole, v128.load(STRIDES));
  const across = f32x4.add(offsets, i32x4.shuffle(offsets, offsets, 1, 1, 1, 1));
  const offset = f32x4.add(
    f32x4.add(across, f32x4.splat(UNIT)),
    i32x4.shuffle(offsets, offsets, 2, 2, 2, 2),
  );
  const at = brick + (i32x4.extract_lane(offset, 0) & 0xffff);
  // Columns x and x + 1 of rows y and y + 1.
  near = v128.load64_lane(at, v128.load64_zero(at), 1, WORD_ROW);
  far = v128.load64_lane(at, v128.load64_zero(at, WORD_SLICE), 1, WORD_SLICE + WORD_ROW);
  const columns = i32x4.shuffle(here, next, 0, 4, 0, 4);
  const rows = i32x4.shuffle(here, next, 1, 1, 5, 5);
  const shares = f32x4.mul(columns, rows);
  nearShares = f32x4.mul(shares, i32x4.shuffle(here, here, 2, 2, 2, 2));
  farShares = f32x4.mul(shares, i32x4.shuffle(next, next, 2, 2, 2, 2));
  const values = f32x4.add(
    f32x4.mul(f32x4.convert_i32x4_s(v128.and(near, byte)), nearShares),
    f32x4.mul(f32x4.convert_i32x4_s(v128.and(far, byte)), farShares),
  );
  value = f32x4.extract_lane(values, 0) + f32x4.extract_lane(values, 1) +
    (f32x4.extract_lane(values, 2) + f32x4.extract_lane(values, 3));
}

/** Colour of the hue times weight, and weight, of where `wordAt` looked. */
export function wordHue(): v128 {
  return f32x4.add(hues(near, nearShares), hues(far, farShares));
}

function hues(words: v128, shares: v128): v128 {
  const byte = i32x4.splat(255), table = <usize> view.hues;
  const products = i16x8.mul(i32x4.shr_u(words, 24), v128.and(i32x4.shr_u(words, 16), byte));
  const weights = f32x4.mul(
    f32x4.mul(f32x4.convert_i32x4_s(products), f32x4.splat(1 / 65025)),
    shares,
  );
  const entries = i32x4.shr_u(v128.and(words, i32x4.splat(0xff00)), 4);
  const a = f32x4.mul(
    v128.load(table + i32x4.extract_lane(entries, 0)),
    f32x4.splat(f32x4.extract_lane(weights, 0)),
  );
  const b = f32x4.mul(
    v128.load(table + i32x4.extract_lane(entries, 1)),
    f32x4.splat(f32x4.extract_lane(weights, 1)),
  );
  const c = f32x4.mul(
    v128.load(table + i32x4.extract_lane(entries, 2)),
    f32x4.splat(f32x4.extract_lane(weights, 2)),
  );
  const d = f32x4.mul(
    v128.load(table + i32x4.extract_lane(entries, 3)),
    f32x4.splat(f32x4.extract_lane(weights, 3)),
  );
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
}
