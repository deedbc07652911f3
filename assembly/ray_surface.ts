// The largest value on a ray, and the first surface of a level.
import { Four, lanesBelow, positions } from "./ray_four";
import { valueAt } from "./ray_samples";
import { aheadX, aheadY, aheadZ, fourX, fourY, fourZ } from "./ray_state";
import { startX, startY, startZ, stepX, stepY, stepZ, view } from "./ray_state";

/** The largest value so far, 0…255; −1 before the first sample. */
export let most: f64 = -1;

/** Number of the sample that lies on the surface, with a fraction; −1 where there is none. */
export let hit: f64 = -1;

export function beginSurface(): void {
  most = -1;
  hit = -1;
}

export function maximumEven(value: u8): void {
  most = max<f64>(most, value);
}

/** Samples k…end of a brick of bytes that is block (x, y, z). */
export function maximumBytes(brick: usize, x: i32, y: i32, z: i32, k: i32, end: i32): void {
  let px = positions(startX, stepX, k, x, aheadX);
  let py = positions(startY, stepY, k, y, aheadY);
  let pz = positions(startZ, stepZ, k, z, aheadZ);
  const dx = fourX, dy = fourY, dz = fourZ;
  let best = i32x4.splat(0);
  for (; k < end; k += 4) {
    const values = Four.interpolate(brick, px, py, pz);
    best = i32x4.max_s(best, v128.and(values, lanesBelow(k, end)));
    px = i32x4.add(px, dx);
    py = i32x4.add(py, dy);
    pz = i32x4.add(pz, dz);
  }
  const left = max(i32x4.extract_lane(best, 0), i32x4.extract_lane(best, 1));
  const right = max(i32x4.extract_lane(best, 2), i32x4.extract_lane(best, 3));
  most = max<f64>(most, <f64> max(left, right) / 128);
}

/** Looks for a surface among samples k…end; true where there is one. */
export function findSurface(k: i32, end: i32): bool {
  const level = view.level;
  for (; k < end; k++) {
    if (valueOf(k) < level) continue;
    hit = k;
    if (k == 0) return true;
    let below: f64 = hit - 1;
    for (let i = 0; i < view.bisections; i++) {
      const middle = (below + hit) / 2;
      if (valueOf(middle) >= level) hit = middle;
      else below = middle;
    }
    return true;
  }
  return false;
}

function valueOf(k: f64): f64 {
  return valueAt(startX + k * stepX, startY + k * stepY, startZ + k * stepZ);
}
