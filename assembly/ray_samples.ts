// What a volume has at any position, from whichever brick: for what needs more than the value of
// samples in a row.
import { BYTE_ROW, BYTE_SLICE } from "./ray_bricks";
import { towardsX, towardsY, towardsZ, view } from "./ray_state";

/** The smallest difference of neighbours that shows, squared: below it shading fades. */
const FAINT: f64 = 0.01 * 0.01;

/** Set by `find`: a brick and a position in it, or a block without a brick. */
let brick: usize = 0;
let block: i32 = 0;
let column: i32 = 0;
let row: i32 = 0;
let slice: i32 = 0;
let shareX: f64 = 0;
let shareY: f64 = 0;
let shareZ: f64 = 0;

function find(x: f64, y: f64, z: f64): void {
  x = min<f64>(max<f64>(x, 0), view.sizeX - 1);
  y = min<f64>(max<f64>(y, 0), view.sizeY - 1);
  z = min<f64>(max<f64>(z, 0), view.sizeZ - 1);
  const i = <i32> x, j = <i32> y, k = <i32> z;
  shareX = x - i;
  shareY = y - j;
  shareZ = z - k;
  block = ((k >> 3) * ((view.sizeY + 7) >> 3) + (j >> 3)) * ((view.sizeX + 7) >> 3) + (i >> 3);
  brick = load<u32>(view.bricks + (block << 2));
  column = i & 7;
  row = j & 7;
  slice = k & 7;
}

function mix(a: f64, b: f64, share: f64): f64 {
  return a + (b - a) * share;
}

/** The value, 0…255, of a position. */
export function valueAt(x: f64, y: f64, z: f64): f64 {
  find(x, y, z);
  if (!brick) return load<u8>(view.min + block);
  const at = brick + column + BYTE_ROW * row + BYTE_SLICE * slice;
  return mix(square(at), square(at + BYTE_SLICE), shareZ);
}

/** Between a voxel of a brick and those right of, below and across from it. */
function square(at: usize): f64 {
  const above = mix(load<u8>(at), load<u8>(at, 1), shareX);
  return mix(above, mix(load<u8>(at, BYTE_ROW), load<u8>(at, BYTE_ROW + 1), shareX), shareY);
}

function mix4(a: v128, b: v128, share: v128): v128 {
  return f32x4.add(a, f32x4.mul(f32x4.sub(b, a), share));
}

/** Four numbers of a value, 0…255, of a table of 256 entries. */
export function lookup(table: usize, value: f64): v128 {
  const entry = min<i32>(254, <i32> value);
  const at = table + (entry << 4);
  return mix4(v128.load(at), v128.load(at, 16), f32x4.splat(<f32> (value - entry)));
}

/** Set by `light`: what a colour is multiplied by, and what is added. */
export let diffuse: f64 = 0;
export let specular: f64 = 0;

/** Light from the eye upon what lies at a position. */
export function light(x: f64, y: f64, z: f64): void {
  const dx = (valueAt(x + 1, y, z) - valueAt(x - 1, y, z)) / (510 * view.spacingX);
  const dy = (valueAt(x, y + 1, z) - valueAt(x, y - 1, z)) / (510 * view.spacingY);
  const dz = (valueAt(x, y, z + 1) - valueAt(x, y, z - 1)) / (510 * view.spacingZ);
  const square = dx * dx + dy * dy + dz * dz;
  const towards = abs(dx * towardsX + dy * towardsY + dz * towardsZ);
  const cosine = min<f64>(1, towards / sqrt(square + 1e-20));
  const surface = square / (square + FAINT);
  const second = cosine * cosine, fourth = second * second, eighth = fourth * fourth;
  diffuse = 1 - 0.7 * surface * (1 - cosine);
  specular = 0.25 * surface * eighth * eighth;
}
