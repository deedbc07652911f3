// `survey` of cells stored as bfloat16, widened as they are read: eight at a time.
import { highHalves, lowHalves } from "./narrow_floats";
import { LEAST, MOST, POSITIVES, ROWS, SLOPES, SQUARES, SUM, ZEROS } from "./survey";

/** Cells of `height` rows, `pitch` bytes apart, `width` (a multiple of 8) of them in each. */
export function surveyBF16(at: usize, pitch: usize, width: i32, height: i32, to: usize): void {
  const none = f32x4.splat(0);
  let sum = none, squares = none, slopes = none, positives = none, zeros = none;
  let least = lowHalves(v128.load(at)), most = least;
  for (; height > 0; height -= ROWS) {
    const rows = min(height, ROWS);
    for (let x = 0; x < width; x += 8) {
      let cell = at + (<usize> x << 1);
      let row = v128.load(cell - pitch);
      let aboveA = lowHalves(row), aboveB = highHalves(row);
      row = v128.load(cell);
      let a = lowHalves(row), b = highHalves(row);
      for (let y = 0; y < rows; y++) {
        const next = cell + pitch;
        const below = v128.load(next);
        const left = v128.load(cell - 2), right = v128.load(cell - 2, 4);
        const belowA = lowHalves(below), belowB = highHalves(below);
        slopes = f32x4.add(slopes, slope(lowHalves(left), lowHalves(right), aboveA, belowA));
        slopes = f32x4.add(slopes, slope(highHalves(left), highHalves(right), aboveB, belowB));
        sum = f32x4.add(sum, f32x4.add(a, b));
        squares = f32x4.add(squares, f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b)));
        least = f32x4.pmin(least, f32x4.pmin(a, b));
        most = f32x4.pmax(most, f32x4.pmax(a, b));
        positives = i32x4.sub(positives, i32x4.add(f32x4.gt(a, none), f32x4.gt(b, none)));
        zeros = i32x4.sub(zeros, i32x4.add(f32x4.eq(a, none), f32x4.eq(b, none)));
        aboveA = a;
        aboveB = b;
        a = belowA;
        b = belowB;
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
  v128.store(to, positives, POSITIVES);
  v128.store(to, zeros, ZEROS);
}

/** Twice the gradient magnitude. */
function slope(left: v128, right: v128, above: v128, below: v128): v128 {
  const gx = f32x4.sub(right, left), gy = f32x4.sub(below, above);
  return f32x4.sqrt(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy)));
}
