// stepCells: one step of an automaton whose cells have eight neighbours. See `Ops.stepCells`.
import { placeRule, stepRow } from "./automaton";

/**
 * `cells` are rows of `width + 2`, the border's first; `gradient` is 0 where there is none; pitches are in
 * bytes.
 */
export function stepCells(
  cells: usize,
  width: i32,
  height: i32,
  weight: usize,
  weightPitch: usize,
  gradient: usize,
  gradientPitch: usize,
  alpha: f32,
  beta: f32,
  gamma: f32,
  nonlinearity: i32,
  out: usize,
  outPitch: usize,
): void {
  placeRule(alpha, beta, gamma, 1.0 / 8.0);
  const pitch = <usize> (width + 2) << 2;
  for (let y = 0; y < height; y++) {
    const here = cells + pitch, below = here + pitch;
    stepRow(cells, here, below, here + 4, weight, gradient, nonlinearity, out, width);
    cells = here;
    weight += weightPitch;
    if (gradient != 0) gradient += gradientPitch;
    out += outPitch;
  }
}
