// syr2Symv: one step of a Householder reduction, in float64. See `Ops.syr2Symv`.

/** Bytes from one row of A to the next are `pitch`; only its lower triangle is read and written. */
export function syr2Symv(
  a: usize,
  pitch: usize,
  n: i32,
  v: usize,
  w: usize,
  x: usize,
  y: usize,
): void {
  let i: i32 = 0;
  for (; i + 2 <= n; i += 2, a += 2 * pitch) twoRows(a, a + pitch, i, v, w, x, y);
  if (i < n) lastRow(a, i, v, w, x, y);
}

/** Rows i and i + 1, i being even: two columns at a time, then the corner at the diagonal. */
function twoRows(a: usize, b: usize, i: i32, v: usize, w: usize, x: usize, y: usize): void {
  const here = <usize> i << 3;
  const va = v128.load_splat<f64>(v + here), vb = v128.load_splat<f64>(v + here, 8);
  const wa = v128.load_splat<f64>(w + here), wb = v128.load_splat<f64>(w + here, 8);
  const xa = v128.load_splat<f64>(x + here), xb = v128.load_splat<f64>(x + here, 8);
  let p = f64x2.splat(0), q = p;
  for (let at: usize = 0; at < here; at += 16) {
    const vj = v128.load(v + at), wj = v128.load(w + at), xj = v128.load(x + at);
    const above = f64x2.sub(
      v128.load(a + at),
      f64x2.add(f64x2.mul(va, wj), f64x2.mul(wa, vj)),
    );
    const below = f64x2.sub(
      v128.load(b + at),
      f64x2.add(f64x2.mul(vb, wj), f64x2.mul(wb, vj)),
    );
    v128.store(a + at, above);
    v128.store(b + at, below);
    p = f64x2.add(p, f64x2.mul(above, xj));
    q = f64x2.add(q, f64x2.mul(below, xj));
    const down = f64x2.add(f64x2.mul(above, xa), f64x2.mul(below, xb));
    v128.store(y + at, f64x2.add(v128.load(y + at), down));
  }
  const v0 = load<f64>(v + here), v1 = load<f64>(v + here, 8);
  const w0 = load<f64>(w + here), w1 = load<f64>(w + here, 8);
  const x0 = load<f64>(x + here), x1 = load<f64>(x + here, 8);
  const first = load<f64>(a + here) - 2 * v0 * w0;
  const beside = load<f64>(b + here) - (v1 * w0 + w1 * v0);
  const second = load<f64>(b + here, 8) - 2 * v1 * w1;
  store<f64>(a + here, first);
  store<f64>(b + here, beside);
  store<f64>(b + here, second, 8);
  store<f64>(y + here, load<f64>(y + here) + (both(p) + first * x0 + beside * x1));
  store<f64>(y + here, load<f64>(y + here, 8) + (both(q) + beside * x0 + second * x1), 8);
}

function lastRow(a: usize, i: i32, v: usize, w: usize, x: usize, y: usize): void {
  const here = <usize> i << 3;
  const vi = load<f64>(v + here), wi = load<f64>(w + here), xi = load<f64>(x + here);
  let sum: f64 = 0;
  for (let at: usize = 0; at < here; at += 8) {
    const value = load<f64>(a + at) - (vi * load<f64>(w + at) + wi * load<f64>(v + at));
    store<f64>(a + at, value);
    sum += value * load<f64>(x + at);
    store<f64>(y + at, load<f64>(y + at) + value * xi);
  }
  const value = load<f64>(a + here) - 2 * vi * wi;
  store<f64>(a + here, value);
  store<f64>(y + here, load<f64>(y + here) + (sum + value * xi));
}

function both(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}
