// normal: products with AᵀA, A being a band of rows. See `Ops.normal`.
// Rows are taken four at a time: their dot products with x, then what they add to the sum while they are near.

/** Of one vector. */
export function normal(
  band: usize,
  rows: i32,
  columns: i32,
  x: usize,
  product: usize,
  sum: usize,
): void {
  const across = <usize> columns << 2, whole = across & ~31;
  for (; rows >= 4; rows -= 4, product += 16) {
    let a = band, b = a + across, c = b + across, d = c + across, from = x;
    // Two sums a row, as one waits longer for its last product than the next is away.
    let p0 = f32x4.splat(0), p1 = p0, p2 = p0, p3 = p0, q0 = p0, q1 = p0, q2 = p0, q3 = p0;
    for (const end = x + whole; from < end; from += 32, a += 32, b += 32, c += 32, d += 32) {
      const v = v128.load(from), w = v128.load(from, 16);
      p0 = f32x4.relaxed_madd(v, v128.load(a), p0);
      q0 = f32x4.relaxed_madd(w, v128.load(a, 16), q0);
      p1 = f32x4.relaxed_madd(v, v128.load(b), p1);
      q1 = f32x4.relaxed_madd(w, v128.load(b, 16), q1);
      p2 = f32x4.relaxed_madd(v, v128.load(c), p2);
      q2 = f32x4.relaxed_madd(w, v128.load(c, 16), q2);
      p3 = f32x4.relaxed_madd(v, v128.load(d), p3);
      q3 = f32x4.relaxed_madd(w, v128.load(d, 16), q3);
    }
    let s0 = total(f32x4.add(p0, q0)), s1 = total(f32x4.add(p1, q1));
    let s2 = total(f32x4.add(p2, q2)), s3 = total(f32x4.add(p3, q3));
    for (const end = x + across; from < end; from += 4, a += 4, b += 4, c += 4, d += 4) {
      const v = load<f32>(from);
      s0 += v * load<f32>(a);
      s1 += v * load<f32>(b);
      s2 += v * load<f32>(c);
      s3 += v * load<f32>(d);
    }
    store<f32>(product, s0);
    store<f32>(product, s1, 4);
    store<f32>(product, s2, 8);
    store<f32>(product, s3, 12);
    p0 = f32x4.splat(s0);
    p1 = f32x4.splat(s1);
    p2 = f32x4.splat(s2);
    p3 = f32x4.splat(s3);
    a = band, b = a + across, c = b + across, d = c + across;
    band = d + across;
    let to = sum;
    for (const end = sum + whole; to < end; to += 32, a += 32, b += 32, c += 32, d += 32) {
      let v = f32x4.relaxed_madd(p0, v128.load(a), v128.load(to));
      let w = f32x4.relaxed_madd(p0, v128.load(a, 16), v128.load(to, 16));
      v = f32x4.relaxed_madd(p1, v128.load(b), v);
      w = f32x4.relaxed_madd(p1, v128.load(b, 16), w);
      v = f32x4.relaxed_madd(p2, v128.load(c), v);
      w = f32x4.relaxed_madd(p2, v128.load(c, 16), w);
      v128.store(to, f32x4.relaxed_madd(p3, v128.load(d), v));
      v128.store(to, f32x4.relaxed_madd(p3, v128.load(d, 16), w), 16);
    }
    for (const end = sum + across; to < end; to += 4, a += 4, b += 4, c += 4, d += 4) {
      const v = load<f32>(to) + s0 * load<f32>(a) + s1 * load<f32>(b);
      store<f32>(to, v + s2 * load<f32>(c) + s3 * load<f32>(d));
    }
  }
  oneByOne(band, rows, across, x, product, sum);
}

/** Of two vectors, for which rows are loaded once: the second of each kind follows the first. */
export function normalPair(
  band: usize,
  rows: i32,
  columns: i32,
  x: usize,
  product: usize,
  sum: usize,
): void {
  const across = <usize> columns << 2, whole = across & ~31, down = <usize> rows << 2;
  for (; rows >= 4; rows -= 4, product += 16) {
    let a = band, b = a + across, c = b + across, d = c + across, from = x, other = x + across;
    let p0 = f32x4.splat(0), p1 = p0, p2 = p0, p3 = p0, q0 = p0, q1 = p0, q2 = p0, q3 = p0;
    for (
      const end = x + whole;
      from < end;
      from += 32, other += 32, a += 32, b += 32, c += 32, d += 32
    ) {
      let v = v128.load(from), w = v128.load(other), row = v128.load(a);
      p0 = f32x4.relaxed_madd(v, row, p0);
      q0 = f32x4.relaxed_madd(w, row, q0);
      row = v128.load(b);
      p1 = f32x4.relaxed_madd(v, row, p1);
      q1 = f32x4.relaxed_madd(w, row, q1);
      row = v128.load(c);
      p2 = f32x4.relaxed_madd(v, row, p2);
      q2 = f32x4.relaxed_madd(w, row, q2);
      row = v128.load(d);
      p3 = f32x4.relaxed_madd(v, row, p3);
      q3 = f32x4.relaxed_madd(w, row, q3);
      v = v128.load(from, 16), w = v128.load(other, 16), row = v128.load(a, 16);
      p0 = f32x4.relaxed_madd(v, row, p0);
      q0 = f32x4.relaxed_madd(w, row, q0);
      row = v128.load(b, 16);
      p1 = f32x4.relaxed_madd(v, row, p1);
      q1 = f32x4.relaxed_madd(w, row, q1);
      row = v128.load(c, 16);
      p2 = f32x4.relaxed_madd(v, row, p2);
      q2 = f32x4.relaxed_madd(w, row, q2);
      row = v128.load(d, 16);
      p3 = f32x4.relaxed_madd(v, row, p3);
      q3 = f32x4.relaxed_madd(w, row, q3);
    }
    let s0 = total(p0), s1 = total(p1), s2 = total(p2), s3 = total(p3);
    let t0 = total(q0), t1 = total(q1), t2 = total(q2), t3 = total(q3);
    for (
      const end = x + across;
      from < end;
      from += 4, other += 4, a += 4, b += 4, c += 4, d += 4
    ) {
      const v = load<f32>(from), w = load<f32>(other);
      s0 += v * load<f32>(a);
      t0 += w * load<f32>(a);
      s1 += v * load<f32>(b);
      t1 += w * load<f32>(b);
      s2 += v * load<f32>(c);
      t2 += w * load<f32>(c);
      s3 += v * load<f32>(d);
      t3 += w * load<f32>(d);
    }
    store<f32>(product, s0);
    store<f32>(product, s1, 4);
    store<f32>(product, s2, 8);
    store<f32>(product, s3, 12);
    store<f32>(product + down, t0);
    store<f32>(product + down, t1, 4);
    store<f32>(product + down, t2, 8);
    store<f32>(product + down, t3, 12);
    p0 = f32x4.splat(s0);
    p1 = f32x4.splat(s1);
    p2 = f32x4.splat(s2);
    p3 = f32x4.splat(s3);
    q0 = f32x4.splat(t0);
    q1 = f32x4.splat(t1);
    q2 = f32x4.splat(t2);
    q3 = f32x4.splat(t3);
    a = band, b = a + across, c = b + across, d = c + across;
    band = d + across;
    let to = sum, beside = sum + across;
    for (
      const end = sum + whole;
      to < end;
      to += 32, beside += 32, a += 32, b += 32, c += 32, d += 32
    ) {
      let row = v128.load(a);
      let v = f32x4.relaxed_madd(p0, row, v128.load(to));
      let w = f32x4.relaxed_madd(q0, row, v128.load(beside));
      row = v128.load(b);
      v = f32x4.relaxed_madd(p1, row, v);
      w = f32x4.relaxed_madd(q1, row, w);
      row = v128.load(c);
      v = f32x4.relaxed_madd(p2, row, v);
      w = f32x4.relaxed_madd(q2, row, w);
      row = v128.load(d);
      v128.store(to, f32x4.relaxed_madd(p3, row, v));
      v128.store(beside, f32x4.relaxed_madd(q3, row, w));
      row = v128.load(a, 16);
      v = f32x4.relaxed_madd(p0, row, v128.load(to, 16));
      w = f32x4.relaxed_madd(q0, row, v128.load(beside, 16));
      row = v128.load(b, 16);
      v = f32x4.relaxed_madd(p1, row, v);
      w = f32x4.relaxed_madd(q1, row, w);
      row = v128.load(c, 16);
      v = f32x4.relaxed_madd(p2, row, v);
      w = f32x4.relaxed_madd(q2, row, w);
      row = v128.load(d, 16);
      v128.store(to, f32x4.relaxed_madd(p3, row, v), 16);
      v128.store(beside, f32x4.relaxed_madd(q3, row, w), 16);
    }
    for (
      const end = sum + across;
      to < end;
      to += 4, beside += 4, a += 4, b += 4, c += 4, d += 4
    ) {
      const i = load<f32>(a), j = load<f32>(b), k = load<f32>(c), l = load<f32>(d);
      store<f32>(to, load<f32>(to) + s0 * i + s1 * j + s2 * k + s3 * l);
      store<f32>(beside, load<f32>(beside) + t0 * i + t1 * j + t2 * k + t3 * l);
    }
  }
  oneByOne(band, rows, across, x, product, sum);
  oneByOne(band, rows, across, x + across, product + down, sum + across);
}

/** The last rows, of which there are too few to go together. */
function oneByOne(
  band: usize,
  rows: i32,
  across: usize,
  x: usize,
  product: usize,
  sum: usize,
): void {
  for (; rows > 0; rows--, band += across, product += 4) {
    let s: f32 = 0;
    for (let i: usize = 0; i < across; i += 4) s += load<f32>(x + i) * load<f32>(band + i);
    store<f32>(product, s);
    for (let i: usize = 0; i < across; i += 4) {
      store<f32>(sum + i, load<f32>(sum + i) + s * load<f32>(band + i));
    }
  }
}

function total(v: v128): f32 {
  return (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}
