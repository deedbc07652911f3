// What the automata of two and of three dimensions have in common: a row's step. The order of
// operations is the reference's, so that every cell is its to the bit.
import { tanh4 } from "./curves";

/** Nonlinearities, as the host counts them; any other is none. */
const TANH: i32 = 1, RELU: i32 = 2;

/** What lies beyond the ends of rows, as the host counts it: a border, which they have; any other is 0. */
export const BORDER: i32 = 0;
const CLAMP: i32 = 1, WRAP: i32 = 2;

/** A rule's numbers, four times each: α, β, γ, one neighbour's share of their mean, and 1. */
const rule = memory.data(80, 16);
const rest = memory.data(16, 16);

export function placeRule(alpha: f32, beta: f32, gamma: f32, share: f32): void {
  v128.store(rule, f32x4.splat(alpha));
  v128.store(rule, f32x4.splat(beta), 16);
  v128.store(rule, f32x4.splat(gamma), 32);
  v128.store(rule, f32x4.splat(share), 48);
  v128.store(rule, f32x4.splat(1), 64);
}

/**
 * Bytes of a row of `width` sums of columns, with one more at each end and what is read and written beyond:
 * whole groups of vectors.
 */
export function roomOfSums(width: i32): usize {
  return <usize> ((width + 15) & ~15) * 4 + 32;
}

/** Puts beyond the ends of a row of sums, which begin one after `sums`, what lies there. */
export function closeRow(sums: usize, width: i32, ends: i32): void {
  if (ends == BORDER) return;
  const end = sums + (<usize> width << 2), first = load<f32>(sums, 4), last = load<f32>(end);
  store<f32>(sums, ends == CLAMP ? first : ends == WRAP ? last : 0);
  store<f32>(end, ends == CLAMP ? last : ends == WRAP ? first : 0, 4);
}

/**
 * Steps a row by the rule that was placed: three of `sums`, which begin left of the first cell, are those of
 * all neighbours and the cell itself; they are lost. Reads up to 15 cells, weights and gradients beyond;
 * `gradients` is 0 where there are none.
 */
export function stepRow(
  sums: usize,
  cells: usize,
  weights: usize,
  gradients: usize,
  nonlinearity: i32,
  out: usize,
  width: i32,
): void {
  moveRow(sums, cells, weights, gradients, width);
  // In a loop of its own: a processor looks too few instructions ahead to work on enough cells otherwise.
  for (let left = width; left > 0; left -= 4) {
    const y = bent(v128.load(sums), nonlinearity);
    if (left >= 4) v128.store(out, y);
    else storeSome(out, y, left);
    sums += 16;
    out += 16;
  }
}

/** What a row's cells are before they are bent, where their sums were. */
function moveRow(
  sums: usize,
  cells: usize,
  weights: usize,
  gradients: usize,
  width: i32,
): void {
  const driven = gradients != 0;
  let s0 = v128.load(sums);
  for (let left = width; left > 0; left -= 16) {
    const s1 = v128.load(sums, 16), s2 = v128.load(sums, 32);
    const s3 = v128.load(sums, 48), s4 = v128.load(sums, 64);
    const y0 = moved(v128.load(cells), box(s0, s1), weights, gradients, driven);
    const y1 = moved(v128.load(cells, 16), box(s1, s2), weights + 16, gradients + 16, driven);
    const y2 = moved(v128.load(cells, 32), box(s2, s3), weights + 32, gradients + 32, driven);
    const y3 = moved(v128.load(cells, 48), box(s3, s4), weights + 48, gradients + 48, driven);
    v128.store(sums, y0);
    v128.store(sums, y1, 16);
    v128.store(sums, y2, 32);
    v128.store(sums, y3, 48);
    s0 = s4;
    sums += 64;
    cells += 64;
    weights += 64;
    if (driven) gradients += 64;
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
    f32x4.add(v128.load(rule, 64), f32x4.mul(v128.load(rule, 16), v128.load(weights))),
  );
}

function bent(y: v128, nonlinearity: i32): v128 {
  if (nonlinearity == TANH) return tanh4(y);
  return nonlinearity == RELU ? f32x4.pmax(y, f32x4.splat(0)) : y;
}

/** The first `count` of four cells. */
function storeSome(to: usize, cells: v128, count: i32): void {
  v128.store(rest, cells);
  for (let i: usize = 0; i < <usize> count; i++) {
    store<f32>(to + (i << 2), load<f32>(rest + (i << 2)));
  }
}
