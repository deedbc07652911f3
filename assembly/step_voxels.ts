// stepVoxels: one step of an automaton whose cells have 26 neighbours. See `Ops.stepVoxels`.
import { placeRule, stepRow } from "./automaton";

/**
 * `voxels` are layers of `height + 2` rows of `width + 2`, the border's first; `gradient` is 0 where there
 * is none; pitches and layers are in bytes. `sums` is room for three rows of `width + 2`, each in whole
 * vectors.
 */
export function stepVoxels(
  voxels: usize,
  width: i32,
  height: i32,
  depth: i32,
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
  const pitch = <usize> (width + 2) << 2, layer = pitch * <usize> (height + 2);
  const room = (pitch + 15) & ~15;
  for (let z = 0; z < depth; z++) {
    let above = sums, here = above + room, below = here + room;
    sumLayers(voxels, layer, above, room);
    sumLayers(voxels + pitch, layer, here, room);
    let row = voxels + pitch, w = weight, g = gradient, to = out;
    for (let y = 0; y < height; y++) {
      sumLayers(row + pitch, layer, below, room);
      stepRow(above, here, below, row + layer + 4, w, g, nonlinearity, to, width);
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

/** Sums of a row's voxels and of those one and two layers behind them. */
function sumLayers(at: usize, layer: usize, to: usize, length: usize): void {
  for (const end = to + length; to < end; to += 16, at += 16) {
    const two = f32x4.add(v128.load(at), v128.load(at + layer));
    v128.store(to, f32x4.add(two, v128.load(at + 2 * layer)));
  }
}
