// compare: cells(x, y) becomes their difference from others(x, y), their ratio to them, or whether
// the two have opposite signs. See `Ops.compare`.

export const DIFFERENCE = 0, RATIO = 1;

// log₂(a/b) = 2/ln 2 · (s + s³/3 + s⁵/5 + …), s = (a − b)/(a + b); then √2, ½, the least normal number,
// 2²⁴, ∞. Loaded from memory, as those of `curves`.
// deno-fmt-ignore
const NUMBERS = memory.data<f32>([
  2.8853900817779268, 0.9617966939259756, 0.5770780163555854, 0.41219858311113244, 0.3205988979753252,
  1.4142135, 0.5, 1.1754943508222875e-38, 16777216, Infinity,
], 16);

const rest = memory.data(16, 16);

export function compare(
  cells: usize,
  pitch: i32,
  others: usize,
  othersPitch: i32,
  width: i32,
  height: i32,
  how: i32,
): void {
  for (let y = 0; y < height; y++) {
    let a = cells + (<usize> y * pitch << 2), b = others + (<usize> y * othersPitch << 2);
    const end = a + (<usize> width << 2);
    for (; a + 16 <= end; a += 16, b += 16) {
      v128.store(a, compare4(v128.load(a), v128.load(b), how));
    }
    if (a < end) v128.store(rest, compare4(v128.load(a), v128.load(b), how));
    for (let i: usize = 0; a < end; a += 4, i += 4) store<f32>(a, load<f32>(rest + i));
  }
}

function compare4(a: v128, b: v128, how: i32): v128 {
  if (how == DIFFERENCE) return f32x4.sub(a, b);
  return how == RATIO ? ratio4(f32x4.abs(a), f32x4.abs(b)) : signs4(a, b);
}

/** log₂(a/b) of numbers ≥ 0, relative error ≤ 4e-7, exactly 0 where they are equal. */
function ratio4(a: v128, b: v128): v128 {
  const zero = f32x4.splat(0), infinity = numberAt(9), half = numberAt(6);
  const ordinary = v128.and(
    v128.and(f32x4.gt(a, zero), f32x4.gt(b, zero)),
    v128.and(f32x4.lt(a, infinity), f32x4.lt(b, infinity)),
  );
  // Mantissas in [1, 2), then within √2 of each other, so that their difference is exact.
  let p = mantissa4(a), q = mantissa4(b);
  let e = i32x4.sub(exponent4(a), exponent4(b));
  const root = numberAt(5);
  const above = f32x4.gt(p, f32x4.mul(root, q)), below = f32x4.gt(q, f32x4.mul(root, p));
  p = v128.bitselect(f32x4.mul(p, half), p, above);
  q = v128.bitselect(f32x4.mul(q, half), q, below);
  // A mask is −1 where it holds.
  e = i32x4.add(i32x4.sub(e, above), below);
  const s = f32x4.div(f32x4.sub(p, q), f32x4.add(p, q));
  const z = f32x4.mul(s, s);
  let series = f32x4.add(f32x4.mul(numberAt(4), z), numberAt(3));
  series = f32x4.add(f32x4.mul(series, z), numberAt(2));
  series = f32x4.add(f32x4.mul(series, z), numberAt(1));
  series = f32x4.add(f32x4.mul(series, z), numberAt(0));
  const found = f32x4.add(f32x4.convert_i32x4_s(e), f32x4.mul(s, series));
  if (i32x4.all_true(ordinary)) return found;
  const quotient = f32x4.div(a, b);
  const none = f32x4.eq(quotient, zero);
  return v128.bitselect(found, v128.bitselect(f32x4.neg(infinity), quotient, none), ordinary);
}

/** Numbers below the least normal one, and what brings them above it. */
function normal4(x: v128): v128 {
  const small = f32x4.lt(x, numberAt(7));
  return v128.bitselect(f32x4.mul(x, numberAt(8)), x, small);
}

function mantissa4(x: v128): v128 {
  const bits = v128.and(normal4(x), i32x4.splat(0x7fffff));
  return v128.or(bits, i32x4.splat(0x3f800000));
}

function exponent4(x: v128): v128 {
  const small = f32x4.lt(x, numberAt(7));
  const lowered = v128.and(small, i32x4.splat(24));
  return i32x4.sub(i32x4.shr_u(normal4(x), 23), lowered);
}

function numberAt(i: usize): v128 {
  return v128.load_splat<f32>(NUMBERS + (i << 2));
}

/** 1 where one is above zero and the other below, else 0; NaN where either is. */
function signs4(a: v128, b: v128): v128 {
  const zero = f32x4.splat(0);
  const opposite = v128.or(
    v128.and(f32x4.lt(a, zero), f32x4.gt(b, zero)),
    v128.and(f32x4.gt(a, zero), f32x4.lt(b, zero)),
  );
  const unknown = v128.or(f32x4.ne(a, a), f32x4.ne(b, b));
  return v128.or(v128.and(opposite, f32x4.splat(1)), unknown);
}
