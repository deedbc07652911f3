// Folding the four lanes of a vector, or of four vectors at once.

export function addLanes(v: v128): f32 {
  const pair = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pair, 0) + f32x4.extract_lane(pair, 1);
}

export function countLanes(v: v128): i32 {
  const pair = i32x4.add(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return i32x4.extract_lane(pair, 0) + i32x4.extract_lane(pair, 1);
}

export function minLane(v: v128): f32 {
  const pair = f32x4.pmin(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmin(pair, v128.shuffle<f32>(pair, pair, 1, 0, 3, 2)), 0);
}

export function maxLane(v: v128): f32 {
  const pair = f32x4.pmax(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(pair, v128.shuffle<f32>(pair, pair, 1, 0, 3, 2)), 0);
}

/** Lane i of the answer is the sum of the lanes of the vector at `at + i * step`. */
export function addAcross(at: usize, step: usize): v128 {
  const ab = f32x4.add(firsts(at, step), lasts(at, step));
  const cd = f32x4.add(firsts(at + 2 * step, step), lasts(at + 2 * step, step));
  return f32x4.add(evens(ab, cd), odds(ab, cd));
}

export function countAcross(at: usize, step: usize): v128 {
  const ab = i32x4.add(firsts(at, step), lasts(at, step));
  const cd = i32x4.add(firsts(at + 2 * step, step), lasts(at + 2 * step, step));
  return i32x4.add(evens(ab, cd), odds(ab, cd));
}

export function minAcross(at: usize, step: usize): v128 {
  const ab = f32x4.pmin(firsts(at, step), lasts(at, step));
  const cd = f32x4.pmin(firsts(at + 2 * step, step), lasts(at + 2 * step, step));
  return f32x4.pmin(evens(ab, cd), odds(ab, cd));
}

export function maxAcross(at: usize, step: usize): v128 {
  const ab = f32x4.pmax(firsts(at, step), lasts(at, step));
  const cd = f32x4.pmax(firsts(at + 2 * step, step), lasts(at + 2 * step, step));
  return f32x4.pmax(evens(ab, cd), odds(ab, cd));
}

/** Lanes 0 and 1 of two vectors `step` bytes apart. */
function firsts(at: usize, step: usize): v128 {
  return v128.shuffle<f32>(v128.load(at), v128.load(at + step), 0, 1, 4, 5);
}

/** Lanes 2 and 3 of two vectors `step` bytes apart. */
function lasts(at: usize, step: usize): v128 {
  return v128.shuffle<f32>(v128.load(at), v128.load(at + step), 2, 3, 6, 7);
}

export function evens(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 0, 2, 4, 6);
}

export function odds(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 1, 3, 5, 7);
}
