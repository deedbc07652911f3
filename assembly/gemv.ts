// gemv: products of a float32 matrix and a vector, in float64. See `Ops.gemv`.

/** y(i) += the sum along row i of a(i, j)·x(j); `pitch` is bytes from one row to the next. */
export function rowProducts(
  a: usize,
  pitch: usize,
  rows: i32,
  columns: i32,
  x: usize,
  y: usize,
): void {
  for (; rows >= 4; rows -= 4, a += 4 * pitch, y += 32) {
    fourRows(a, pitch, columns, x, y);
  }
  for (; rows > 0; rows--, a += pitch, y += 8) oneRow(a, columns, x, y);
}

function fourRows(a: usize, pitch: usize, columns: i32, x: usize, y: usize): void {
  let b = a + pitch, c = b + pitch, d = c + pitch, left = columns;
  let p = f64x2.splat(0), q = p, r = p, s = p, pp = p, qq = p, rr = p, ss = p;
  for (; left >= 4; left -= 4, a += 16, b += 16, c += 16, d += 16, x += 32) {
    const u = v128.load(x), v = v128.load(x, 16);
    let row = v128.load(a);
    p = f64x2.add(p, f64x2.mul(low(row), u));
    pp = f64x2.add(pp, f64x2.mul(high(row), v));
    row = v128.load(b);
    q = f64x2.add(q, f64x2.mul(low(row), u));
    qq = f64x2.add(qq, f64x2.mul(high(row), v));
    row = v128.load(c);
    r = f64x2.add(r, f64x2.mul(low(row), u));
    rr = f64x2.add(rr, f64x2.mul(high(row), v));
    row = v128.load(d);
    s = f64x2.add(s, f64x2.mul(low(row), u));
    ss = f64x2.add(ss, f64x2.mul(high(row), v));
  }
  let k = both(f64x2.add(p, pp)), l = both(f64x2.add(q, qq));
  let m = both(f64x2.add(r, rr)), n = both(f64x2.add(s, ss));
  for (; left > 0; left--, a += 4, b += 4, c += 4, d += 4, x += 8) {
    const u = load<f64>(x);
    k += <f64> load<f32>(a) * u;
    l += <f64> load<f32>(b) * u;
    m += <f64> load<f32>(c) * u;
    n += <f64> load<f32>(d) * u;
  }
  store<f64>(y, load<f64>(y) + k);
  store<f64>(y, load<f64>(y, 8) + l, 8);
  store<f64>(y, load<f64>(y, 16) + m, 16);
  store<f64>(y, load<f64>(y, 24) + n, 24);
}

function oneRow(a: usize, columns: i32, x: usize, y: usize): void {
  let p = f64x2.splat(0), q = p, left = columns;
  for (; left >= 4; left -= 4, a += 16, x += 32) {
    const row = v128.load(a);
    p = f64x2.add(p, f64x2.mul(low(row), v128.load(x)));
    q = f64x2.add(q, f64x2.mul(high(row), v128.load(x, 16)));
  }
  let sum = both(f64x2.add(p, q));
  for (; left > 0; left--, a += 4, x += 8) sum += <f64> load<f32>(a) * load<f64>(x);
  store<f64>(y, load<f64>(y) + sum);
}

/** y(j) += the sum down column j of a(i, j)·x(i). */
export function columnProducts(
  a: usize,
  pitch: usize,
  rows: i32,
  columns: i32,
  x: usize,
  y: usize,
): void {
  // Four rows at a time: sums are loaded and stored a quarter as often.
  for (; rows >= 4; rows -= 4, a += 4 * pitch, x += 32) {
    let at = a, b = a + pitch, c = b + pitch, d = c + pitch, to = y, left = columns;
    const p = v128.load_splat<f64>(x), q = v128.load_splat<f64>(x, 8);
    const r = v128.load_splat<f64>(x, 16), s = v128.load_splat<f64>(x, 24);
    for (; left >= 4; left -= 4, at += 16, b += 16, c += 16, d += 16, to += 32) {
      const u = v128.load(at), v = v128.load(b), w = v128.load(c), z = v128.load(d);
      const even = f64x2.add(f64x2.mul(low(u), p), f64x2.mul(low(v), q));
      const odd = f64x2.add(f64x2.mul(low(w), r), f64x2.mul(low(z), s));
      const first = f64x2.add(f64x2.mul(high(u), p), f64x2.mul(high(v), q));
      const second = f64x2.add(f64x2.mul(high(w), r), f64x2.mul(high(z), s));
      v128.store(to, f64x2.add(v128.load(to), f64x2.add(even, odd)));
      v128.store(to, f64x2.add(v128.load(to, 16), f64x2.add(first, second)), 16);
    }
    for (; left > 0; left--, at += 4, b += 4, c += 4, d += 4, to += 8) {
      const even = <f64> load<f32>(at) * load<f64>(x) + <f64> load<f32>(b) * load<f64>(x, 8);
      const odd = <f64> load<f32>(c) * load<f64>(x, 16) + <f64> load<f32>(d) * load<f64>(x, 24);
      store<f64>(to, load<f64>(to) + (even + odd));
    }
  }
  for (; rows > 0; rows--, a += pitch, x += 8) {
    const p = load<f64>(x);
    for (let j: usize = 0, end = <usize> columns; j < end; j++) {
      const to = y + (j << 3);
      store<f64>(to, load<f64>(to) + <f64> load<f32>(a + (j << 2)) * p);
    }
  }
}

function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
}

function both(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}
