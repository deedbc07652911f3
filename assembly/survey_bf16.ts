// `survey` of cells stored as bfloat16, widened as they are read: eight at a time, the even ones in one
// vector (a) and the odd ones in another (b), which takes one operation each.
//
// Least and most are taken of the stored 16 bits, eight at once. As signed integers the greatest is
// the greatest of the values ≥ 0; as unsigned ones it is the least of the negative ones, if any; where
// all have one sign, the smallest magnitude tells what is missing, and 0 that there are zeros.
import { LEAST, MOST, POSITIVES, SLOPES, SQUARES, SUM, ZEROS } from "./survey";

/** Eight lanes of 16 bits each, until `closeBF16`. */
const SIGNED: usize = 48;
const UNSIGNED: usize = 64;
const SMALLEST: usize = 80;
const COUNTED: usize = 96;

/** Loaded rather than constant for the same reason as in curves.ts. */
const UPPER = memory.data<u32>([0xffff0000], 16);

/** 8 × 8 cells in rows `pitch` bytes apart. `closeBF16` turns what it writes into a survey. */
export function surveyBF16(at: usize, pitch: usize, to: usize): void {
  const none = f32x4.splat(0), upper = v128.load32_splat(UPPER);
  let sum = none, squares = none, slopes = none, positives = none;
  let row = v128.load(at - pitch);
  let aboveA = evens(row), aboveB = v128.and(row, upper);
  row = v128.load(at);
  let a = evens(row), b = v128.and(row, upper);
  let signed = row, unsigned = row, smallest = i16x8.shl(row, 1);
  for (let y = 0; y < 8; y++) {
    const next = at + pitch;
    const below = v128.load(next);
    const belowA = evens(below), belowB = v128.and(below, upper);
    // Even and odd cells are each other's neighbours: only the far ones are read.
    const left = v128.and(v128.load(at - 4), upper), right = evens(v128.load(at, 4));
    slopes = f32x4.add(slopes, slope(left, b, aboveA, belowA));
    slopes = f32x4.add(slopes, slope(a, right, aboveB, belowB));
    sum = f32x4.add(sum, f32x4.add(a, b));
    squares = f32x4.add(squares, f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b)));
    signed = i16x8.max_s(signed, row);
    unsigned = i16x8.max_u(unsigned, row);
    smallest = i16x8.min_u(smallest, i16x8.shl(row, 1));
    positives = i16x8.sub(positives, i16x8.gt_s(row, none));
    aboveA = a;
    aboveB = b;
    a = belowA;
    b = belowB;
    row = below;
    at = next;
  }
  v128.store(to, sum, SUM);
  v128.store(to, squares, SQUARES);
  v128.store(to, slopes, SLOPES);
  v128.store(to, signed, SIGNED);
  v128.store(to, unsigned, UNSIGNED);
  v128.store(to, smallest, SMALLEST);
  v128.store(to, positives, COUNTED);
}

/** Adds what `surveyBF16` wrote of three quarters of a block to that of the first, `to`. */
export function joinBF16(to: usize, b: usize, c: usize, d: usize): void {
  joinFloats(to, b, c, d, SUM);
  joinFloats(to, b, c, d, SQUARES);
  joinFloats(to, b, c, d, SLOPES);
  let left = i16x8.max_s(v128.load(to, SIGNED), v128.load(c, SIGNED));
  let right = i16x8.max_s(v128.load(b, SIGNED), v128.load(d, SIGNED));
  v128.store(to, i16x8.max_s(left, right), SIGNED);
  left = i16x8.max_u(v128.load(to, UNSIGNED), v128.load(c, UNSIGNED));
  right = i16x8.max_u(v128.load(b, UNSIGNED), v128.load(d, UNSIGNED));
  v128.store(to, i16x8.max_u(left, right), UNSIGNED);
  left = i16x8.min_u(v128.load(to, SMALLEST), v128.load(c, SMALLEST));
  right = i16x8.min_u(v128.load(b, SMALLEST), v128.load(d, SMALLEST));
  v128.store(to, i16x8.min_u(left, right), SMALLEST);
  left = i16x8.add(v128.load(to, COUNTED), v128.load(c, COUNTED));
  right = i16x8.add(v128.load(b, COUNTED), v128.load(d, COUNTED));
  v128.store(to, i16x8.add(left, right), COUNTED);
}

function joinFloats(to: usize, b: usize, c: usize, d: usize, figure: usize): void {
  const left = f32x4.add(v128.load(to + figure), v128.load(c + figure));
  const right = f32x4.add(v128.load(b + figure), v128.load(d + figure));
  v128.store(to + figure, f32x4.add(left, right));
}

/** Makes a survey, as survey.ts has it, of what was written of a block of `side` × `side` cells. */
export function closeBF16(at: usize, pitch: usize, side: i32, to: usize): void {
  const upper = v128.load32_splat(UPPER);
  let signed = v128.load(to, SIGNED), unsigned = v128.load(to, UNSIGNED);
  let smallest = v128.load(to, SMALLEST);
  signed = v128.and(i16x8.max_s(signed, evens(signed)), upper);
  unsigned = v128.and(i16x8.max_u(unsigned, evens(unsigned)), upper);
  smallest = i32x4.shr_u(v128.and(i16x8.min_u(smallest, evens(smallest)), upper), 1);
  const allNegative = i32x4.shr_s(signed, 31), oneNegative = i32x4.shr_s(unsigned, 31);
  const zeros = i32x4.all_true(smallest) ? i32x4.splat(0) : countZeros(at, pitch, side);
  v128.store(to, i32x4.extadd_pairwise_i16x8_u(v128.load(to, COUNTED)), POSITIVES);
  v128.store(to, v128.bitselect(unsigned, smallest, oneNegative), LEAST);
  v128.store(to, v128.bitselect(f32x4.neg(smallest), signed, allNegative), MOST);
  v128.store(to, zeros, ZEROS);
}

/** In four lanes. */
function countZeros(at: usize, pitch: usize, side: i32): v128 {
  const none = i32x4.splat(0);
  let zeros = none;
  for (let y = 0; y < side; y++, at += pitch) {
    for (let x = 0; x < side; x += 8) {
      // Without their sign, both zeros are 0.
      const magnitudes = i16x8.shl(v128.load(at + (<usize> x << 1)), 1);
      zeros = i16x8.sub(zeros, i16x8.eq(magnitudes, none));
    }
  }
  return i32x4.extadd_pairwise_i16x8_u(zeros);
}

/** Twice the gradient magnitude. */
function slope(left: v128, right: v128, above: v128, below: v128): v128 {
  const gx = f32x4.sub(right, left), gy = f32x4.sub(below, above);
  return f32x4.sqrt(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy)));
}

/** The cells 0, 2, 4 and 6 of eight. */
function evens(cells: v128): v128 {
  return i32x4.shl(cells, 16);
}
