// stepCells: one step of an automaton whose cells have eight neighbours. See `Ops.stepCells`.
import { BORDER, closeRow, placeRule, stepRow } from "./automaton";

/**
 * `cells` are rows, the border's first and last: of `width + 2` with a border at both ends, or of `width`
 * where `ends` says what lies beyond; `gradient` is 0 where there is none; pitches are in bytes. `sums` is
 * room for a row of them (`roomOfSums`).
 */
export function stepCells(
  cells: usize,
  width: i32,
  height: i32,
  ends: i32,
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
  sums: usize,
): void {
  placeRule(alpha, beta, gamma, 1.0 / 8.0);
  const border: usize = ends == BORDER ? 4 : 0;
  const pitch = (<usize> width << 2) + 2 * border;
  for (let y = 0; y < height; y++) {
    const here = cells + pitch;
    sumRows(cells, here, here + pitch, sums + 4 - border, pitch);
    closeRow(sums, width, ends);
    stepRow(sums, here + border, weight, gradient, nonlinearity, out, width);
    cells = here;
    weight += weightPitch;
    if (gradient != 0) gradient += gradientPitch;
    out += outPitch;
  }
}

/** Sums of three rows, in whole vectors. */
function sumRows(above: usize, here: usize, below: usize, to: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) {
    const two = f32x4.add(v128.load(above + i), v128.load(here + i));
    v128.store(to + i, f32x4.add(two, v128.load(below + i)));
  }
}
