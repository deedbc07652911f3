// tanh and log of four values at once. Coefficients are least-maximum fits made for these
// intervals; the errors stated were measured against float64 over millions of float32 values.
// They are loaded from memory: V8 would assemble a constant anew, in four instructions, every time.

// deno-fmt-ignore
const TANH = memory.data<f32>([
  8.4, -8.4,
  0.00010206224396824837, 0.026477912440896034, 0.8884654641151428,
  2.207817715316196e-06, 0.002149204956367612, 0.201033353805542, 1.7769309282302856,
], 16);

// deno-fmt-ignore
const LOG = memory.data<f32>([
  1, 0.5, 0.6931471805599453,
  0.08700434863567352, -0.14267486333847046, 0.14914768934249878, -0.1657758504152298,
  0.19963063299655914, -0.2500133812427521, 0.3333390951156616,
  0.7071067690849304, 3.4028234663852886e38, -0,
], 16);

/**
 * tanh, absolute error ≤ 2.1e-7, relative error ≤ 2.7e-7; odd, so that 0 stays 0; ±1 from 8.4 on; NaN of
 * NaN. To the bit what `tanh` of the reference gives.
 */
export function tanh4(x: v128): v128 {
  // tanh x = 2nd / (n² + d²) with n/d = tanh ½x, a rational function of x²: where the two are nearly
  // equal, what is lost in rounding them does not count.
  const t = f32x4.pmin(f32x4.pmax(x, tanhAt(1)), tanhAt(0));
  const z = f32x4.mul(t, t);
  let p = f32x4.add(f32x4.mul(tanhAt(2), z), tanhAt(3));
  p = f32x4.add(f32x4.mul(p, z), tanhAt(4));
  let d = f32x4.add(f32x4.mul(tanhAt(5), z), tanhAt(6));
  d = f32x4.add(f32x4.mul(d, z), tanhAt(7));
  d = f32x4.add(f32x4.mul(d, z), tanhAt(8));
  const n = f32x4.mul(t, p);
  const top = f32x4.mul(f32x4.add(n, n), d);
  return f32x4.div(top, f32x4.add(f32x4.mul(n, n), f32x4.mul(d, d)));
}

function tanhAt(i: usize): v128 {
  return v128.load_splat<f32>(TANH + (i << 2));
}

/** Natural logarithm of positive normal numbers, relative error ≤ 2e-7. */
export function log4(x: v128): v128 {
  // x = m·2^e with m in [√½, √2); log m = f − f²/2 + f³·R(f), f = m − 1.
  const e = i32x4.shr_s(i32x4.sub(x, logAt(10)), 23);
  const f = f32x4.sub(i32x4.sub(x, i32x4.shl(e, 23)), logAt(0));
  let r = f32x4.add(f32x4.mul(logAt(3), f), logAt(4));
  r = f32x4.add(f32x4.mul(r, f), logAt(5));
  r = f32x4.add(f32x4.mul(r, f), logAt(6));
  r = f32x4.add(f32x4.mul(r, f), logAt(7));
  r = f32x4.add(f32x4.mul(r, f), logAt(8));
  r = f32x4.add(f32x4.mul(r, f), logAt(9));
  const bend = f32x4.mul(f32x4.mul(f, f), f32x4.sub(f32x4.mul(f, r), logAt(1)));
  const scale = f32x4.mul(f32x4.convert_i32x4_s(e), logAt(2));
  return f32x4.add(scale, f32x4.add(f, bend));
}

/** sign(x)·log(1 + |x|), relative error ≤ 4e-7; odd, so that 0 stays 0. ∞ counts as the largest float32. */
export function signedLog4(x: v128): v128 {
  const sign = v128.and(x, logAt(12));
  const t = f32x4.pmin(logAt(11), v128.xor(x, sign));
  const u = f32x4.add(t, logAt(0));
  // What rounding took from 1 + t goes in again: log(u + c) ≈ log u + c/u.
  const lost = f32x4.div(f32x4.sub(t, f32x4.sub(u, logAt(0))), u);
  return v128.or(sign, f32x4.add(log4(u), lost));
}

function logAt(i: usize): v128 {
  return v128.load_splat<f32>(LOG + (i << 2));
}
