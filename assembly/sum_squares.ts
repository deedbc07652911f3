/**
 * The sum of the squares of those of `length` values that are finite. Four pairs of sums, none of which
 * waits for another.
 */
export function sumSquares(values: usize, length: i32): f64 {
  let a = f64x2.splat(0), b = a, c = a, d = a;
  for (; length >= 8; length -= 8, values += 32) {
    const low = v128.load(values), high = v128.load(values, 16);
    a = f64x2.add(a, squares(f64x2.promote_low_f32x4(low)));
    b = f64x2.add(b, squares(f64x2.promote_low_f32x4(upper(low))));
    c = f64x2.add(c, squares(f64x2.promote_low_f32x4(high)));
    d = f64x2.add(d, squares(f64x2.promote_low_f32x4(upper(high))));
  }
  const all = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  let sum = f64x2.extract_lane(all, 0) + f64x2.extract_lane(all, 1);
  for (; length > 0; length--, values += 4) {
    const value = <f64> load<f32>(values);
    const square = value * value;
    if (square - square == 0) sum += square;
  }
  return sum;
}

/** Of two values, 0 where they are not finite. */
function squares(pair: v128): v128 {
  const square = f64x2.mul(pair, pair);
  return v128.and(square, f64x2.eq(f64x2.sub(square, square), f64x2.splat(0)));
}

/** The upper two of four values, below. */
function upper(four: v128): v128 {
  return v128.shuffle<f32>(four, four, 2, 3, 2, 3);
}
