// Four samples of a ray at once with their gradients, of a brick of bytes: central differences of
// trilinear interpolation are the interpolation of central differences of voxels, so of the 4 × 4 × 4
// voxels about a sample those 32 count that lie in two of the three middle rows.
import { BYTE_FIRST, BYTE_ROW, BYTE_SLICE } from "./ray_bricks";
import { constant, inBrick, mix, placesOf, share, twice } from "./ray_four";
import { towardsX, towardsY, towardsZ, view } from "./ray_state";

/** The smallest difference of neighbours that shows, squared: below it shading fades. */
const FAINT: f32 = 0.01 * 0.01;

/** Where in a brick the voxel before the first of its block lies. */
const UP: usize = BYTE_FIRST - 1;

/** Differences are times 128 · 32767, and of two voxels of 255. */
const UNIT: f64 = 128 * 32767 * 510;

/** Where bytes 1 and 2 of each four go: to halves, times 256. */
const MIDDLE = memory.data<u8>(
  [128, 1, 128, 2, 128, 5, 128, 6, 128, 9, 128, 10, 128, 13, 128, 14],
  16,
);

/** What differences are multiplied by along each axis. */
let scaleX: v128 = f32x4.splat(0);
let scaleY: v128 = f32x4.splat(0);
let scaleZ: v128 = f32x4.splat(0);

export function setScale(): void {
  scaleX = f32x4.splat(<f32> (1 / (UNIT * view.spacingX)));
  scaleY = f32x4.splat(<f32> (1 / (UNIT * view.spacingY)));
  scaleZ = f32x4.splat(<f32> (1 / (UNIT * view.spacingZ)));
}

/** Set by `interpolateLit`: what colours are multiplied by, and what is added. */
export let diffuses: v128 = i32x4.splat(0);
export let speculars: v128 = i32x4.splat(0);

/** Values of four positions, times 128, and the light on them; `brick` is where block 0 begins. */
export function interpolateLit(brick: usize, x: v128, y: v128, z: v128): v128 {
  const fadeX = fading(x), fadeY = fading(y), fadeZ = fading(z);
  x = inBrick(x);
  y = inBrick(y);
  z = inBrick(z);
  const places = placesOf(x, y, z);
  const from = brick - BYTE_FIRST;
  const a = from + i32x4.extract_lane(places, 0), b = from + i32x4.extract_lane(places, 1);
  const c = from + i32x4.extract_lane(places, 2), d = from + i32x4.extract_lane(places, 3);
  // Halves: the share of a voxel beside that of the next in x; that of the next in y and z.
  const byte = constant(2), all = i16x8.splat(0x7fff);
  const shareX = share(x), nextY = twice(share(y)), nextZ = twice(share(z));
  const sharesX = v128.or(v128.xor(shareX, i32x4.splat(0x7fff)), i32x4.shl(shareX, 16));
  const thisY = v128.xor(nextY, all), thisZ = v128.xor(nextZ, all);

  // Rows y and y + 1 of slices z and z + 1, in halves: columns x − 1 and x + 1, x and x + 2.
  let row = i32x4.splat(0);
  row = v128.load32_zero(a, UP);
  row = v128.load_lane<u32>(b, row, 1, UP);
  row = v128.load_lane<u32>(c, row, 2, UP);
  row = v128.load_lane<u32>(d, row, 3, UP);
  const even00 = v128.and(i16x8.shl(row, 7), byte), odd00 = v128.and(i16x8.shr_u(row, 1), byte);
  row = v128.load32_zero(a, UP + BYTE_ROW);
  row = v128.load_lane<u32>(b, row, 1, UP + BYTE_ROW);
  row = v128.load_lane<u32>(c, row, 2, UP + BYTE_ROW);
  row = v128.load_lane<u32>(d, row, 3, UP + BYTE_ROW);
  const even10 = v128.and(i16x8.shl(row, 7), byte), odd10 = v128.and(i16x8.shr_u(row, 1), byte);
  row = v128.load32_zero(a, UP + BYTE_SLICE);
  row = v128.load_lane<u32>(b, row, 1, UP + BYTE_SLICE);
  row = v128.load_lane<u32>(c, row, 2, UP + BYTE_SLICE);
  row = v128.load_lane<u32>(d, row, 3, UP + BYTE_SLICE);
  const even01 = v128.and(i16x8.shl(row, 7), byte), odd01 = v128.and(i16x8.shr_u(row, 1), byte);
  row = v128.load32_zero(a, UP + BYTE_SLICE + BYTE_ROW);
  row = v128.load_lane<u32>(b, row, 1, UP + BYTE_SLICE + BYTE_ROW);
  row = v128.load_lane<u32>(c, row, 2, UP + BYTE_SLICE + BYTE_ROW);
  row = v128.load_lane<u32>(d, row, 3, UP + BYTE_SLICE + BYTE_ROW);
  const even11 = v128.and(i16x8.shl(row, 7), byte), odd11 = v128.and(i16x8.shr_u(row, 1), byte);

  const even0 = mix(even00, even01, nextZ), odd0 = mix(odd00, odd01, nextZ);
  const even1 = mix(even10, even11, nextZ), odd1 = mix(odd10, odd11, nextZ);
  const even = mix(even0, even1, nextY), odd = mix(odd0, odd1, nextY);
  // Columns x and x + 1, before them x − 1 and x, behind them x + 1 and x + 2.
  const values = i32x4.dot_i16x8_s(columns(odd, even), sharesX);
  const before = columns(even, i32x4.shl(odd, 16)), behind = columns(i32x4.shr_u(even, 16), odd);
  const alongX = i32x4.dot_i16x8_s(i16x8.sub(behind, before), sharesX);

  // Columns x and x + 1 from here on. Across rows, once slices are mixed:
  row = v128.load32_zero(a, UP - BYTE_ROW);
  row = v128.load_lane<u32>(b, row, 1, UP - BYTE_ROW);
  row = v128.load_lane<u32>(c, row, 2, UP - BYTE_ROW);
  row = v128.load_lane<u32>(d, row, 3, UP - BYTE_ROW);
  const aboveNear = middle(row);
  row = v128.load32_zero(a, UP + BYTE_SLICE - BYTE_ROW);
  row = v128.load_lane<u32>(b, row, 1, UP + BYTE_SLICE - BYTE_ROW);
  row = v128.load_lane<u32>(c, row, 2, UP + BYTE_SLICE - BYTE_ROW);
  row = v128.load_lane<u32>(d, row, 3, UP + BYTE_SLICE - BYTE_ROW);
  const aboveFar = middle(row);
  row = v128.load32_zero(a, UP + 2 * BYTE_ROW);
  row = v128.load_lane<u32>(b, row, 1, UP + 2 * BYTE_ROW);
  row = v128.load_lane<u32>(c, row, 2, UP + 2 * BYTE_ROW);
  row = v128.load_lane<u32>(d, row, 3, UP + 2 * BYTE_ROW);
  const belowNear = middle(row);
  row = v128.load32_zero(a, UP + BYTE_SLICE + 2 * BYTE_ROW);
  row = v128.load_lane<u32>(b, row, 1, UP + BYTE_SLICE + 2 * BYTE_ROW);
  row = v128.load_lane<u32>(c, row, 2, UP + BYTE_SLICE + 2 * BYTE_ROW);
  row = v128.load_lane<u32>(d, row, 3, UP + BYTE_SLICE + 2 * BYTE_ROW);
  const belowFar = middle(row);
  const above = mix(aboveNear, aboveFar, nextZ), below = mix(belowNear, belowFar, nextZ);
  const acrossRows = blend(
    i16x8.sub(columns(odd1, even1), above),
    i16x8.sub(below, columns(odd0, even0)),
    thisY,
    nextY,
  );
  const alongY = i32x4.dot_i16x8_s(acrossRows, sharesX);

  // Across slices, row by row:
  row = v128.load32_zero(a, UP - BYTE_SLICE);
  row = v128.load_lane<u32>(b, row, 1, UP - BYTE_SLICE);
  row = v128.load_lane<u32>(c, row, 2, UP - BYTE_SLICE);
  row = v128.load_lane<u32>(d, row, 3, UP - BYTE_SLICE);
  const near0 = middle(row);
  row = v128.load32_zero(a, UP - BYTE_SLICE + BYTE_ROW);
  row = v128.load_lane<u32>(b, row, 1, UP - BYTE_SLICE + BYTE_ROW);
  row = v128.load_lane<u32>(c, row, 2, UP - BYTE_SLICE + BYTE_ROW);
  row = v128.load_lane<u32>(d, row, 3, UP - BYTE_SLICE + BYTE_ROW);
  const near1 = middle(row);
  row = v128.load32_zero(a, UP + 2 * BYTE_SLICE);
  row = v128.load_lane<u32>(b, row, 1, UP + 2 * BYTE_SLICE);
  row = v128.load_lane<u32>(c, row, 2, UP + 2 * BYTE_SLICE);
  row = v128.load_lane<u32>(d, row, 3, UP + 2 * BYTE_SLICE);
  const far0 = middle(row);
  row = v128.load32_zero(a, UP + 2 * BYTE_SLICE + BYTE_ROW);
  row = v128.load_lane<u32>(b, row, 1, UP + 2 * BYTE_SLICE + BYTE_ROW);
  row = v128.load_lane<u32>(c, row, 2, UP + 2 * BYTE_SLICE + BYTE_ROW);
  row = v128.load_lane<u32>(d, row, 3, UP + 2 * BYTE_SLICE + BYTE_ROW);
  const far1 = middle(row);
  const slices0 = blend(
    i16x8.sub(columns(odd01, even01), near0),
    i16x8.sub(far0, columns(odd00, even00)),
    thisZ,
    nextZ,
  );
  const slices1 = blend(
    i16x8.sub(columns(odd11, even11), near1),
    i16x8.sub(far1, columns(odd10, even10)),
    thisZ,
    nextZ,
  );
  const alongZ = i32x4.dot_i16x8_s(blend(slices0, slices1, thisY, nextY), sharesX);

  light(
    f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(alongX), scaleX), fadeX),
    f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(alongY), scaleY), fadeY),
    f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(alongZ), scaleZ), fadeZ),
  );
  return i32x4.shr_u(values, 15);
}

/** Light from the eye upon four gradients. */
function light(x: v128, y: v128, z: v128): void {
  const one = f32x4.splat(1);
  const square = f32x4.add(f32x4.add(f32x4.mul(x, x), f32x4.mul(y, y)), f32x4.mul(z, z));
  const towards = f32x4.add(
    f32x4.add(
      f32x4.mul(x, f32x4.splat(<f32> towardsX)),
      f32x4.mul(y, f32x4.splat(<f32> towardsY)),
    ),
    f32x4.mul(z, f32x4.splat(<f32> towardsZ)),
  );
  const length = f32x4.sqrt(f32x4.add(square, f32x4.splat(1e-20)));
  const cosine = f32x4.pmin(one, f32x4.div(f32x4.abs(towards), length));
  const surface = f32x4.div(square, f32x4.add(square, f32x4.splat(FAINT)));
  const second = f32x4.mul(cosine, cosine), fourth = f32x4.mul(second, second);
  const eighth = f32x4.mul(fourth, fourth);
  const away = f32x4.mul(f32x4.mul(surface, f32x4.splat(0.7)), f32x4.sub(one, cosine));
  diffuses = f32x4.sub(one, away);
  const glint = f32x4.mul(surface, f32x4.splat(0.25));
  speculars = f32x4.mul(glint, f32x4.mul(eighth, eighth));
}

/** 0 at half a voxel before the first one: positions are 0 there, and so are those before them. */
function fading(x: v128): v128 {
  const short = f32x4.convert_i32x4_s(i32x4.min_s(x, i32x4.splat(0)));
  return f32x4.add(f32x4.splat(1), f32x4.mul(short, f32x4.splat(1 / 8388608)));
}

/** Lower halves of one, upper halves of the other. */
function columns(left: v128, right: v128): v128 {
  return i16x8.shuffle(left, right, 0, 9, 2, 11, 4, 13, 6, 15);
}

/** Bytes 1 and 2 of each four, times 128. */
function middle(row: v128): v128 {
  return i16x8.shr_u(i8x16.swizzle(row, v128.load(MIDDLE)), 1);
}

/** Between differences, of which those between could overflow. */
function blend(a: v128, b: v128, here: v128, there: v128): v128 {
  return i16x8.add(i16x8.relaxed_q15mulr_s(a, here), i16x8.relaxed_q15mulr_s(b, there));
}
