// What the automata of two and of three dimensions have in common: a row's step. The order of
// operations is the reference's, so that every cell is its to the bit.
import { tanh4 } from "./curves";

/** Nonlinearities, as the host counts them; any other is none. */
const TANH: i32 = 1, RELU: i32 = 2;

/** A rule's numbers, four times each: α, β, γ and one neighbour's share of their mean. */
const rule = memory.data(64, 16);
const rest = memory.data(16, 16);

export function placeRule(alpha: f32, beta: f32, gamma: f32, share: f32): void {
  v128.store(rule, f32x4.splat(alpha));
  v128.store(rule, f32x4.splat(beta), 16);
  v128.store(rule, f32x4.splat(gamma), 32);
  v128.store(rule, f32x4.splat(share), 48);
}

/**
 * Steps a row by the rule that was placed: sums of three cells of `above`, `here` and `below`, which begin
 * left of the first cell, are those of all neighbours and the cell itself. Reads up to seven cells,
 * weights and gradients beyond; `gradients` is 0 where there are none.
 */
export function stepRow(
  above: usize,
  here: usize,
  below: usize,
  cells: usize,
  weights: usize,
  gradients: usize,
  nonlinearity: i32,
  out: usize,
  width: i32,
): void {
  const driven = gradients != 0;
  let sums = columns(above, here, below), left = width;
  // Two vectors at a time took 7 % less time than one.
  for (; left >= 8; left -= 8) {
    const middle = columns(above + 16, here + 16, below + 16);
    const last = columns(above + 32, here + 32, below + 32);
    const boxes = box(sums, middle), more = box(middle, last);
    let y0 = moved(v128.load(cells), boxes, weights, gradients, driven);
    let y1 = moved(v128.load(cells, 16), more, weights + 16, gradients + 16, driven);
    y0 = bent(y0, nonlinearity);
    y1 = bent(y1, nonlinearity);
    v128.store(out, y0);
    v128.store(out, y1, 16);
    sums = last;
    above += 32;
    here += 32;
    below += 32;
    cells += 32;
    weights += 32;
    if (driven) gradients += 32;
    out += 32;
  }
  for (; left > 0; left -= 4) {
    above += 16;
    here += 16;
    below += 16;
    const more = columns(above, here, below);
    const y = bent(
      moved(v128.load(cells), box(sums, more), weights, gradients, driven),
      nonlinearity,
    );
    if (left >= 4) v128.store(out, y);
    else storeSome(out, y, left);
    sums = more;
    cells += 16;
    weights += 16;
    if (driven) gradients += 16;
    out += 16;
  }
}

/** Sums of three columns, of four and of the four after them, for four cells. */
function box(sums: v128, more: v128): v128 {
  const middle = v128.shuffle<f32>(sums, more, 1, 2, 3, 4);
  const right = v128.shuffle<f32>(sums, more, 2, 3, 4, 5);
  return f32x4.add(f32x4.add(sums, middle), right);
}

function moved(x: v128, box: v128, weights: usize, gradients: usize, driven: bool): v128 {
  const delta = f32x4.sub(f32x4.mul(f32x4.sub(box, x), v128.load(rule, 48)), x);
  let y = f32x4.add(x, f32x4.mul(v128.load(rule), delta));
  if (driven) y = f32x4.add(y, f32x4.mul(v128.load(rule, 32), v128.load(gradients)));
  return f32x4.mul(
    y,
    f32x4.add(f32x4.splat(1), f32x4.mul(v128.load(rule, 16), v128.load(weights))),
  );
}

function bent(y: v128, nonlinearity: i32): v128 {
  if (nonlinearity == TANH) return tanh4(y);
  return nonlinearity == RELU ? f32x4.pmax(y, f32x4.splat(0)) : y;
}

/** Sums of three cells, for four columns. */
function columns(above: usize, here: usize, below: usize): v128 {
  return f32x4.add(f32x4.add(v128.load(above), v128.load(here)), v128.load(below));
}

/** The first `count` of four cells. */
function storeSome(to: usize, cells: v128, count: i32): void {
  v128.store(rest, cells);
  for (let i: usize = 0; i < <usize> count; i++) {
    store<f32>(to + (i << 2), load<f32>(rest + (i << 2)));
  }
}
