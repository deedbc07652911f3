// magnitude: the largest of some numbers, signs aside. See `Ops.magnitude`.
// Without their signs, float32 numbers have the order of their bits as integers, which are compared in one
// instruction; NaN comes after infinity.

/** The bits of a number but for its sign. */
const SIZE = 0x7fffffff;

/** The largest magnitude of `count` numbers, NaN if one is. */
export function magnitude(values: usize, count: i32): f32 {
  const size = i32x4.splat(SIZE);
  let a = i32x4.splat(0), b = a, c = a, d = a;
  for (; count >= 16; count -= 16, values += 64) {
    a = i32x4.max_s(a, v128.and(size, v128.load(values)));
    b = i32x4.max_s(b, v128.and(size, v128.load(values, 16)));
    c = i32x4.max_s(c, v128.and(size, v128.load(values, 32)));
    d = i32x4.max_s(d, v128.and(size, v128.load(values, 48)));
  }
  a = i32x4.max_s(i32x4.max_s(a, b), i32x4.max_s(c, d));
  let most = max(
    max(i32x4.extract_lane(a, 0), i32x4.extract_lane(a, 1)),
    max(i32x4.extract_lane(a, 2), i32x4.extract_lane(a, 3)),
  );
  for (; count > 0; count--, values += 4) most = max(most, load<i32>(values) & SIZE);
  return reinterpret<f32>(most);
}
