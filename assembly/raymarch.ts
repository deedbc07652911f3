// Rays through a volume in bricks: blocks of nothing are stepped over. Positions are in float64, as in
// the reference; what is in bricks of bytes is interpolated four samples at a time.
import {
  beginComposite,
  compositeBytes,
  compositeColours,
  compositeEven,
  compositeLit,
  sum,
} from "./ray_composite";
import { distance, face, findCube } from "./ray_cubes";
import { roundUp } from "./ray_four";
import { setScale } from "./ray_lit";
import { diffuse, light, lookup, specular } from "./ray_samples";
import { count, enter, setRay, setView, startX, startY, startZ } from "./ray_state";
import { PARALLEL, stepX, stepY, stepZ, view } from "./ray_state";
import { beginSurface, findSurface, hit, maximumBytes, maximumEven, most } from "./ray_surface";

const COMPOSITE = 0;
const MAXIMUM = 1;
const ISO = 2;
const CUBES = 3;

/** What a block has for a ray. */
const NOTHING: u8 = 0;
const EVEN: u8 = 1;
const MIXED: u8 = 2;

/** Pixels a side of squares that are done one after the other: neighbouring rays share bricks. */
const SQUARE = 32;

/** Draws the rectangle of a view. */
export function raymarch(numbers: usize): void {
  setView(numbers);
  setScale();
  flagBlocks();
  for (let top = 0; top < view.height; top += SQUARE) {
    for (let left = 0; left < view.width; left += SQUARE) {
      const bottom = min(view.height, top + SQUARE), right = min(view.width, left + SQUARE);
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          setRay(view.x + x, view.y + y);
          trace(<usize> (y * view.width + x) << 2);
        }
      }
    }
  }
}

/** Which blocks rays step over: those that can add nothing; and which have one value, and gradient 0. */
function flagBlocks(): void {
  const blocks = ((view.sizeX + 7) >> 3) * ((view.sizeY + 7) >> 3) * ((view.sizeZ + 7) >> 3);
  const level = view.level;
  for (let i = 0; i < blocks; i++) {
    const low = load<u8>(view.min + i), high = load<u8>(view.max + i);
    let flag = true;
    if (view.mode == ISO) flag = high >= level;
    else if (view.mode != MAXIMUM) {
      const least = load<u32>(view.opaque + (<usize> low << 2));
      flag = load<u32>(view.opaque + (<usize> high << 2), 4) > least &&
        load<u8>(view.present + i) != 0;
    }
    const even = view.shading ? load<u32>(view.bricks + (i << 2)) == 0 : low == high;
    store<u8>(view.flags + i, flag ? even ? EVEN : MIXED : NOTHING);
  }
}

/** What the ray of a pixel meets. */
function trace(pixel: usize): void {
  const rgba = view.rgba + pixel, value = view.values + pixel;
  if (view.mode == COMPOSITE) {
    beginComposite();
    walk();
    let opacity = f32x4.extract_lane(sum, 3);
    const colour = f32x4.div(sum, f32x4.splat(opacity));
    if (opacity >= 0.996) opacity = 1;
    paint(rgba, colour, opacity);
    store<f32>(value, opacity);
    return;
  }
  if (view.mode == CUBES) {
    findCube();
    if (distance >= 0) paint(rgba, face, 1);
    else store<u32>(rgba, 0);
    store<f32>(value, distance >= 0 ? <f32> distance : NaN);
    return;
  }
  beginSurface();
  walk();
  if (view.mode == MAXIMUM) {
    if (most >= 0) paint(rgba, lookup(view.transfer, most), 1);
    else store<u32>(rgba, 0);
    store<f32>(value, most >= 0 ? <f32> (most / 255) : NaN);
    return;
  }
  if (hit < 0) {
    store<u32>(rgba, 0);
    store<f32>(value, NaN);
    return;
  }
  light(startX + hit * stepX, startY + hit * stepY, startZ + hit * stepZ);
  const colour = f32x4.mul(lookup(view.transfer, view.level), f32x4.splat(<f32> diffuse));
  paint(rgba, f32x4.add(colour, f32x4.splat(<f32> specular)), 1);
  store<f32>(value, <f32> (enter + (hit + 0.5) * view.step));
}

/** Bytes of a colour; 0, 0, 0, 0 where the opacity rounds to 0. */
function paint(rgba: usize, colour: v128, opacity: f32): void {
  const alpha = <u32> (<f32> 255 * opacity + 0.5);
  const half = f32x4.splat(0.5), most = f32x4.splat(255);
  const bytes = f32x4.min(most, f32x4.add(f32x4.mul(colour, most), half));
  const whole = i32x4.trunc_sat_f32x4_u(bytes);
  const packed = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(whole, whole), whole);
  const rgb = i32x4.extract_lane(packed, 0) & 0xffffff;
  store<u32>(rgba, alpha == 0 ? 0 : rgb | (alpha << 24));
}

/** Goes from block to block (Amanatides and Woo 1987), in numbers of samples, until the ray is done. */
function walk(): void {
  if (count <= 0) return;
  const acrossBlocks = (view.sizeX + 7) >> 3, downBlocks = (view.sizeY + 7) >> 3;
  let x = blockOf(startX, acrossBlocks);
  let y = blockOf(startY, downBlocks);
  let z = blockOf(startZ, (view.sizeZ + 7) >> 3);
  let leftX = stepX > 0 ? acrossBlocks - 1 - x : x;
  let leftY = stepY > 0 ? downBlocks - 1 - y : y;
  let leftZ = stepZ > 0 ? ((view.sizeZ + 7) >> 3) - 1 - z : z;
  let nextX = leftX > 0 ? border(x, startX, stepX) : Infinity;
  let nextY = leftY > 0 ? border(y, startY, stepY) : Infinity;
  let nextZ = leftZ > 0 ? border(z, startZ, stepZ) : Infinity;
  const acrossX = 8 / abs(stepX), acrossY = 8 / abs(stepY), acrossZ = 8 / abs(stepZ);
  const byX = stepX > 0 ? 1 : -1, byY = stepY > 0 ? 1 : -1, byZ = stepZ > 0 ? 1 : -1;
  const rowBlocks = byY * acrossBlocks, sliceBlocks = byZ * acrossBlocks * downBlocks;
  let block = (z * downBlocks + y) * acrossBlocks + x;
  const flags = <usize> view.flags, last = count;
  let k = 0;
  while (true) {
    const next = min(nextX, min(nextY, nextZ));
    const end = next < last ? roundUp(next) : last;
    if (end > k) {
      const flag = load<u8>(flags + block);
      if (flag && visit(flag, block, x, y, z, k, end)) return;
      if (end == last) return;
      k = end;
    }
    if (next == nextX) {
      x += byX;
      block += byX;
      nextX = --leftX > 0 ? nextX + acrossX : Infinity;
    } else if (next == nextY) {
      y += byY;
      block += rowBlocks;
      nextY = --leftY > 0 ? nextY + acrossY : Infinity;
    } else {
      z += byZ;
      block += sliceBlocks;
      nextZ = --leftZ > 0 ? nextZ + acrossZ : Infinity;
    }
  }
}

function blockOf(start: f64, blocks: i32): i32 {
  return <i32> min<f64>(max<f64>(floor(start / 8), 0), blocks - 1);
}

/** The number of the sample, with a fraction, at which a ray leaves block i of an axis. */
function border(i: i32, start: f64, step: f64): f64 {
  if (abs(step) < PARALLEL) return Infinity;
  return (<f64> (8 * (i + (step > 0 ? 1 : 0))) - start) / step;
}

/** Samples k…end, which lie in one block; true where the ray is done. */
function visit(flag: u8, block: i32, x: i32, y: i32, z: i32, k: i32, end: i32): bool {
  const brick = <usize> load<u32>(view.bricks + (block << 2));
  if (view.mode == ISO) return findSurface(k, end);
  if (view.mode == MAXIMUM) {
    if (load<u8>(view.max + block) <= most) return most >= 255;
    if (!brick) maximumEven(load<u8>(view.min + block));
    else maximumBytes(brick, x, y, z, k, end);
    return most >= 255;
  }
  if (view.channels == 4) return compositeColours(brick, x, y, z, k, end);
  if (flag == EVEN) return compositeEven(load<u8>(view.min + block), k, end);
  if (view.shading) return compositeLit(brick, x, y, z, k, end);
  return compositeBytes(brick, x, y, z, k, end);
}
