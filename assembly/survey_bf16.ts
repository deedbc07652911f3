// `survey` of cells stored as bfloat16, widened as they are read: eight at a time, the even ones in one
// vector (a) and the odd ones in another (b), which takes one operation each.
import { LEAST, MOST, POSITIVES, ROWS, SLOPES, SQUARES, SUM, ZEROS } from "./survey";

/** Cells of `height` rows, `pitch` bytes apart, `width` (a multiple of 8) of them in each. */
export function surveyBF16(at: usize, pitch: usize, width: i32, height: i32, to: usize): void {
  const none = f32x4.splat(0);
  let sum = none, squares = none, slopes = none, positives = none, zeros = none;
  let least = evens(v128.load(at)), most = least;
  for (; height > 0; height -= ROWS) {
    const rows = min(height, ROWS);
    for (let x = 0; x < width; x += 8) {
      let cell = at + (<usize> x << 1);
      let row = v128.load(cell - pitch);
      let aboveA = evens(row), aboveB = odds(row);
      row = v128.load(cell);
      let a = evens(row), b = odds(row);
      for (let y = 0; y < rows; y++) {
        const next = cell + pitch;
        const below = v128.load(next);
        const belowA = evens(below), belowB = odds(below);
        // Even and odd cells are each other's neighbours: only the far ones are read.
        const left = odds(v128.load(cell - 4)), right = evens(v128.load(cell, 4));
        slopes = f32x4.add(slopes, slope(left, b, aboveA, belowA));
        slopes = f32x4.add(slopes, slope(a, right, aboveB, belowB));
        sum = f32x4.add(sum, f32x4.add(a, b));
        squares = f32x4.add(squares, f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b)));
        least = f32x4.pmin(least, f32x4.pmin(a, b));
        most = f32x4.pmax(most, f32x4.pmax(a, b));
        // Bits compare as the values do, and without their sign both zeros are 0.
        positives = i16x8.sub(positives, i16x8.gt_s(row, none));
        zeros = i16x8.sub(zeros, i16x8.eq(i16x8.shl(row, 1), none));
        aboveA = a;
        aboveB = b;
        a = belowA;
        b = belowB;
        row = below;
        cell = next;
      }
    }
    at += <usize> ROWS * pitch;
  }
  v128.store(to, sum, SUM);
  v128.store(to, squares, SQUARES);
  v128.store(to, slopes, SLOPES);
  v128.store(to, least, LEAST);
  v128.store(to, most, MOST);
  v128.store(to, i32x4.extadd_pairwise_i16x8_s(positives), POSITIVES);
  v128.store(to, i32x4.extadd_pairwise_i16x8_s(zeros), ZEROS);
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

/** The cells 1, 3, 5 and 7 of eight. */
function odds(cells: v128): v128 {
  return v128.and(cells, i32x4.splat(0xffff0000));
}
