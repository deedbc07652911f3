// The first voxel on a ray that has opacity and weight: Amanatides and Woo 1987.
import { BYTE_ROW, BYTE_SLICE, COLOUR_ROW, COLOUR_SLICE, COLOURS } from "./ray_bricks";
import {
  enter,
  leave,
  originX,
  originY,
  originZ,
  PARALLEL,
  step1X,
  step1Y,
  step1Z,
} from "./ray_state";
import { towardsX, towardsY, towardsZ, view } from "./ray_state";

/** Colour of the voxel's face, and where it is entered; −1 where no voxel is met. */
export let face: v128 = i32x4.splat(0);
export let distance: f64 = -1;

export function findCube(): void {
  distance = -1;
  if (!(leave > enter)) return;
  let x = voxel(originX + enter * step1X, view.lowX, view.highX);
  let y = voxel(originY + enter * step1Y, view.lowY, view.highY);
  let z = voxel(originZ + enter * step1Z, view.lowZ, view.highZ);
  const acrossBlocks = (view.sizeX + 7) >> 3, downBlocks = (view.sizeY + 7) >> 3;
  let axis = facing();
  let t = enter;
  while (true) {
    const block = ((z >> 3) * downBlocks + (y >> 3)) * acrossBlocks + (x >> 3);
    if (load<u8>(view.flags + block) && meets(block, x & 7, y & 7, z & 7)) {
      const towards = axis == 0 ? towardsX : axis == 1 ? towardsY : towardsZ;
      face = f32x4.mul(face, f32x4.splat(<f32> (0.3 + 0.7 * abs(towards))));
      distance = t;
      return;
    }
    const nextX = border(x, originX, step1X);
    const nextY = border(y, originY, step1Y);
    const nextZ = border(z, originZ, step1Z);
    t = min(nextX, min(nextY, nextZ));
    if (t >= leave) return;
    if (t == nextX) {
      axis = 0;
      x += step1X > 0 ? 1 : -1;
      if (<u32> x >= <u32> view.sizeX) return;
    } else if (t == nextY) {
      axis = 1;
      y += step1Y > 0 ? 1 : -1;
      if (<u32> y >= <u32> view.sizeY) return;
    } else {
      axis = 2;
      z += step1Z > 0 ? 1 : -1;
      if (<u32> z >= <u32> view.sizeZ) return;
    }
  }
}

/** The voxel, along an axis, of a position, of those that are not cut off. */
function voxel(position: f64, low: f64, high: f64): i32 {
  return <i32> min(max(floor(position), floor(low)), ceil(high) - 1);
}

/** How far along the ray leaves voxel i of an axis. */
function border(i: i32, from: f64, step: f64): f64 {
  if (abs(step) < PARALLEL) return Infinity;
  return (<f64> (i + (step > 0 ? 1 : 0)) - from) / step;
}

/** The axis of the side through which a ray enters the volume; inside, the one that it is nearest to. */
function facing(): i32 {
  let x = abs(towardsX), y = abs(towardsY), z = abs(towardsZ);
  if (enter > 0) {
    x = side(originX, step1X, view.lowX, view.highX);
    y = side(originY, step1Y, view.lowY, view.highY);
    z = side(originZ, step1Z, view.lowZ, view.highZ);
  }
  return x >= y && x >= z ? 0 : y >= z ? 1 : 2;
}

function side(from: f64, step: f64, low: f64, high: f64): f64 {
  if (abs(step) < PARALLEL) return -Infinity;
  return ((step > 0 ? low : high) - from) / step;
}

/** Whether a voxel of a block has opacity and weight; if so `face` is its colour. */
function meets(block: i32, x: i32, y: i32, z: i32): bool {
  const brick = <usize> load<u32>(view.bricks + (block << 2));
  const voxel = brick + x + BYTE_ROW * y + BYTE_SLICE * z;
  const value = load<u8>(brick ? voxel : <usize> view.min + block);
  const entry = view.transfer + (<usize> value << 4);
  if (load<f32>(entry, 12) == 0) return false;
  face = v128.load(entry);
  if (view.channels == 1) return true;
  if (!brick) return false;
  const colour = v128.load64_zero(brick + COLOURS + 8 * x + COLOUR_ROW * y + COLOUR_SLICE * z);
  const hue = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(colour));
  const weight = f32x4.extract_lane(hue, 3);
  if (weight == 0) return false;
  face = f32x4.mul(hue, f32x4.splat(<f32> value / 255 / weight));
  return true;
}
