// normal: products with AᵀA, A being a band of rows. See `Ops.normal`.

/** Four rows at a time: their dot products with x, then what they add to the sum while they are near. */
export function normal(
  band: usize,
  rows: i32,
  columns: i32,
  x: usize,
  product: usize,
  sum: usize,
): void {
  const across = <usize> columns << 2, whole = across & ~15;
  for (; rows >= 4; rows -= 4, band += across << 2, product += 16) {
    const b1 = band + across, b2 = b1 + across, b3 = b2 + across;
    let p0 = f32x4.splat(0), p1 = p0, p2 = p0, p3 = p0;
    for (let i: usize = 0; i < whole; i += 16) {
      const v = v128.load(x + i);
      p0 = f32x4.relaxed_madd(v, v128.load(band + i), p0);
      p1 = f32x4.relaxed_madd(v, v128.load(b1 + i), p1);
      p2 = f32x4.relaxed_madd(v, v128.load(b2 + i), p2);
      p3 = f32x4.relaxed_madd(v, v128.load(b3 + i), p3);
    }
    let s0 = total(p0), s1 = total(p1), s2 = total(p2), s3 = total(p3);
    for (let i = whole; i < across; i += 4) {
      const v = load<f32>(x + i);
      s0 += v * load<f32>(band + i);
      s1 += v * load<f32>(b1 + i);
      s2 += v * load<f32>(b2 + i);
      s3 += v * load<f32>(b3 + i);
    }
    store<f32>(product, s0);
    store<f32>(product, s1, 4);
    store<f32>(product, s2, 8);
    store<f32>(product, s3, 12);
    p0 = f32x4.splat(s0);
    p1 = f32x4.splat(s1);
    p2 = f32x4.splat(s2);
    p3 = f32x4.splat(s3);
    for (let i: usize = 0; i < whole; i += 16) {
      let v = f32x4.relaxed_madd(p0, v128.load(band + i), v128.load(sum + i));
      v = f32x4.relaxed_madd(p1, v128.load(b1 + i), v);
      v = f32x4.relaxed_madd(p2, v128.load(b2 + i), v);
      v128.store(sum + i, f32x4.relaxed_madd(p3, v128.load(b3 + i), v));
    }
    for (let i = whole; i < across; i += 4) {
      const v = load<f32>(sum + i) + s0 * load<f32>(band + i) + s1 * load<f32>(b1 + i);
      store<f32>(sum + i, v + s2 * load<f32>(b2 + i) + s3 * load<f32>(b3 + i));
    }
  }
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

/** The largest magnitude of `count` numbers, NaN if one is. */
export function magnitude(values: usize, count: i32): f32 {
  let most = f32x4.splat(0), other = most;
  for (; count >= 8; count -= 8, values += 32) {
    most = f32x4.max(most, f32x4.abs(v128.load(values)));
    other = f32x4.max(other, f32x4.abs(v128.load(values, 16)));
  }
  most = f32x4.max(most, other);
  for (; count > 0; count--, values += 4) {
    most = f32x4.max(most, f32x4.abs(v128.load_splat<f32>(values)));
  }
  most = f32x4.max(most, v128.shuffle<f32>(most, most, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.max(most, v128.shuffle<f32>(most, most, 1, 0, 3, 2)), 0);
}
