// stepVoxels: one step of an automaton whose cells have 26 neighbours. See `Ops.stepVoxels`.
import { BORDER, closeRow, placeRule, roomOfSums, stepRow } from "./automaton";

/**
 * `voxels` are layers of `height + 2` rows, as `stepCells` has them; `gradient` is 0 where there is none;
 * pitches and layers are in bytes. `sums` is room for four rows of them (`roomOfSums`).
 */
export function stepVoxels(
  voxels: usize,
  width: i32,
  height: i32,
  depth: i32,
  ends: i32,
  weight: usize,
  weightPitch: usize,
  weightLayer: usize,
  gradient: usize,
  gradientPitch: usize,
  gradientLayer: usize,
  alpha: f32,
  beta: f32,
  gamma: f32,
  nonlinearity: i32,
  out: usize,
  outPitch: usize,
  outLayer: usize,
  sums: usize,
): void {
  placeRule(alpha, beta, gamma, 1.0 / 26.0);
  const border: usize = ends == BORDER ? 4 : 0, room = roomOfSums(width);
  const pitch = (<usize> width << 2) + 2 * border, layer = pitch * <usize> (height + 2);
  const all = sums + 3 * room;
  for (let z = 0; z < depth; z++) {
    let above = sums, here = above + room, below = here + room;
    sumLayers(voxels, layer, above, pitch);
    sumLayers(voxels + pitch, layer, here, pitch);
    let row = voxels + pitch, w = weight, g = gradient, to = out;
    for (let y = 0; y < height; y++) {
      sumSquares(row + pitch, layer, above, here, below, all + 4 - border, pitch);
      closeRow(all, width, ends);
      stepRow(all, row + layer + border, w, g, nonlinearity, to, width);
      const first = above;
      above = here;
      here = below;
      below = first;
      row += pitch;
      w += weightPitch;
      if (g != 0) g += gradientPitch;
      to += outPitch;
    }
    voxels += layer;
    weight += weightLayer;
    if (gradient != 0) gradient += gradientLayer;
    out += outLayer;
  }
}

/** Sums of a row's voxels and of those one and two layers behind them, in whole vectors. */
function sumLayers(at: usize, layer: usize, to: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, layers(at + i, layer));
}

/** The same of the row `below`; then sums with those of the two rows before it. */
function sumSquares(
  at: usize,
  layer: usize,
  above: usize,
  here: usize,
  below: usize,
  to: usize,
  length: usize,
): void {
  for (let i: usize = 0; i < length; i += 16) {
    const last = layers(at + i, layer);
    v128.store(below + i, last);
    const two = f32x4.add(v128.load(above + i), v128.load(here + i));
    v128.store(to + i, f32x4.add(two, last));
  }
}

function layers(at: usize, layer: usize): v128 {
  const two = f32x4.add(v128.load(at), v128.load(at + layer));
  return f32x4.add(two, v128.load(at + 2 * layer));
}
