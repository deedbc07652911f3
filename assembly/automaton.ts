// What the automata of two and of three dimensions have in common: a row's step. The order of
// operations is the reference's, so that every cell is its to the bit.
import { tanh4 } from "./curves";

/** Nonlinearities, as the host counts them. */
const NONE: i32 = 0, TANH: i32 = 1, RELU: i32 = 2;

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
 * left of the first cell, are those of all neighbours and the cell itself. Reads up to seven cells, weights
 * and gradients beyond; `gradients` is 0 where there are none.
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
  // A loop of its own for each, in which nothing is left to decide.
  if (nonlinearity == TANH) {
    if (gradients != 0) step(above, here, below, cells, weights, gradients, TANH, true, out, width);
    else step(above, here, below, cells, weights, 0, TANH, false, out, width);
  } else if (nonlinearity == RELU) {
    step(above, here, below, cells, weights, gradients, RELU, gradients != 0, out, width);
  } else {
    step(above, here, below, cells, weights, gradients, NONE, gradients != 0, out, width);
  }
}

// @ts-ignore: decorator

function step(
  above: usize,
  here: usize,
  below: usize,
  cells: usize,
  weights: usize,
  gradients: usize,
  nonlinearity: i32,
  driven: bool,
  out: usize,
  width: i32,
): void {
  const alpha = v128.load(rule), beta = v128.load(rule, 16);
  const gamma = v128.load(rule, 32), share = v128.load(rule, 48);
  let sums = columns(above, here, below);
  for (let left = width; left > 0; left -= 4) {
    above += 16;
    here += 16;
    below += 16;
    const more = columns(above, here, below);
    const middle = v128.shuffle<f32>(sums, more, 1, 2, 3, 4);
    const right = v128.shuffle<f32>(sums, more, 2, 3, 4, 5);
    const box = f32x4.add(f32x4.add(sums, middle), right);
    sums = more;
    const x = v128.load(cells);
    const delta = f32x4.sub(f32x4.mul(f32x4.sub(box, x), share), x);
    let moved = f32x4.add(x, f32x4.mul(alpha, delta));
    if (driven) {
      moved = f32x4.add(moved, f32x4.mul(gamma, v128.load(gradients)));
      gradients += 16;
    }
    const gain = f32x4.add(f32x4.splat(1), f32x4.mul(beta, v128.load(weights)));
    let y = f32x4.mul(moved, gain);
    if (nonlinearity == TANH) y = tanh4(y);
    else if (nonlinearity == RELU) y = f32x4.pmax(y, f32x4.splat(0));
    if (left >= 4) v128.store(out, y);
    else storeSome(out, y, left);
    cells += 16;
    weights += 16;
    out += 16;
  }
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
