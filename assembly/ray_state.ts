// One ray: it stands in memory and globals, so that modes share how blocks are walked through.
import { ahead, four } from "./ray_four";
import { View } from "./ray_view";

export let view: View = changetype<View>(0);

/** Position of sample 0 and change from sample to sample, the centre of the first voxel being 0. */
export let startX: f64 = 0;
export let startY: f64 = 0;
export let startZ: f64 = 0;
export let stepX: f64 = 0;
export let stepY: f64 = 0;
export let stepZ: f64 = 0;
/** Change in voxels from t to t + 1. */
export let step1X: f64 = 0;
export let step1Y: f64 = 0;
export let step1Z: f64 = 0;
/** Its direction in the world, length 1. */
export let towardsX: f64 = 0;
export let towardsY: f64 = 0;
export let towardsZ: f64 = 0;
/** Where it begins in voxels, and how far along it enters and leaves the volume. */
export let originX: f64 = 0;
export let originY: f64 = 0;
export let originZ: f64 = 0;
export let enter: f64 = 0;
export let leave: f64 = 0;
export let count: i32 = 0;

/** For samples four at a time: positions of the next three, and change in four. */
export let aheadX: v128 = i32x4.splat(0);
export let aheadY: v128 = i32x4.splat(0);
export let aheadZ: v128 = i32x4.splat(0);
export let fourX: v128 = i32x4.splat(0);
export let fourY: v128 = i32x4.splat(0);
export let fourZ: v128 = i32x4.splat(0);

/** Directions within this of an axis' plane count as parallel to it. */
export const PARALLEL: f64 = 1e-9;

export function setView(numbers: usize): void {
  view = changetype<View>(numbers);
}

/** Sets the ray of a pixel of the whole image. */
export function setRay(x: i32, y: i32): void {
  const a = <f64> (2 * x + 1 - <i32> view.side) / view.side;
  const b = <f64> (2 * y + 1 - <i32> view.side) / view.side;
  const x0 = a * view.acrossX + b * view.downX;
  const y0 = a * view.acrossY + b * view.downY;
  const z0 = a * view.acrossZ + b * view.downZ;
  if (view.perspective) {
    towardsX = view.forwardX + x0;
    towardsY = view.forwardY + y0;
    towardsZ = view.forwardZ + z0;
    const length = sqrt(towardsX * towardsX + towardsY * towardsY + towardsZ * towardsZ);
    towardsX /= length;
    towardsY /= length;
    towardsZ /= length;
    originX = view.originX;
    originY = view.originY;
    originZ = view.originZ;
  } else {
    towardsX = view.forwardX;
    towardsY = view.forwardY;
    towardsZ = view.forwardZ;
    originX = view.originX + x0 / view.spacingX;
    originY = view.originY + y0 / view.spacingY;
    originZ = view.originZ + z0 / view.spacingZ;
  }
  step1X = towardsX / view.spacingX;
  step1Y = towardsY / view.spacingY;
  step1Z = towardsZ / view.spacingZ;
  enter = 0;
  leave = Infinity;
  clip(originX, step1X, view.lowX, view.highX);
  clip(originY, step1Y, view.lowY, view.highY);
  clip(originZ, step1Z, view.lowZ, view.highZ);
  const step = view.step;
  count = leave > enter ? <i32> floor((leave - enter) / step + 0.5) : 0;
  const first = enter + 0.5 * step;
  startX = originX + first * step1X - 0.5;
  startY = originY + first * step1Y - 0.5;
  startZ = originZ + first * step1Z - 0.5;
  stepX = step1X * step;
  stepY = step1Y * step;
  stepZ = step1Z * step;
  aheadX = ahead(stepX);
  aheadY = ahead(stepY);
  aheadZ = ahead(stepZ);
  fourX = four(stepX);
  fourY = four(stepY);
  fourZ = four(stepZ);
}

function clip(from: f64, step: f64, low: f64, high: f64): void {
  if (abs(step) < PARALLEL) {
    if (from < low || from > high) leave = -1;
    return;
  }
  const p = (low - from) / step, q = (high - from) / step;
  enter = max(enter, min(p, q));
  leave = min(leave, max(p, q));
}
