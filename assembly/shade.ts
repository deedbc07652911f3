// shade: values to palette entries, 16 at a time: up to 15 more are read and written than asked,
// for which the host leaves room.
import { signedLog4, tanh4 } from "./curves";

/** 1.5·2^23, where float32 has no fraction left: adding it rounds to an integer, ties to even. */
const UNIT: f32 = 12582912;

/** In memory for the same reason as in curves.ts. */
const CONSTANTS = memory.data<f32>([125, -125, UNIT], 16);

export function shadeLinear(
  values: usize,
  length: i32,
  center: f32,
  scale: f32,
  gain: f32,
  out: usize,
): void {
  const c = f32x4.splat(center), s = f32x4.splat(scale), g = f32x4.splat(gain);
  for (const end = out + length; out < end; out += 16, values += 64) {
    const y0 = f32x4.mul(g, argument(values, c, s));
    const y1 = f32x4.mul(g, argument(values + 16, c, s));
    const y2 = f32x4.mul(g, argument(values + 32, c, s));
    const y3 = f32x4.mul(g, argument(values + 48, c, s));
    storeEntries(values, out, y0, y1, y2, y3);
  }
}

export function shadeTanh(
  values: usize,
  length: i32,
  center: f32,
  scale: f32,
  gain: f32,
  out: usize,
): void {
  const c = f32x4.splat(center), s = f32x4.splat(scale), g = f32x4.splat(gain);
  for (const end = out + length; out < end; out += 16, values += 64) {
    const y0 = f32x4.mul(g, tanh4(argument(values, c, s)));
    const y1 = f32x4.mul(g, tanh4(argument(values + 16, c, s)));
    const y2 = f32x4.mul(g, tanh4(argument(values + 32, c, s)));
    const y3 = f32x4.mul(g, tanh4(argument(values + 48, c, s)));
    storeEntries(values, out, y0, y1, y2, y3);
  }
}

export function shadeLog(
  values: usize,
  length: i32,
  center: f32,
  scale: f32,
  gain: f32,
  out: usize,
): void {
  const c = f32x4.splat(center), s = f32x4.splat(scale), g = f32x4.splat(gain);
  for (const end = out + length; out < end; out += 16, values += 64) {
    const y0 = f32x4.mul(g, signedLog4(argument(values, c, s)));
    const y1 = f32x4.mul(g, signedLog4(argument(values + 16, c, s)));
    const y2 = f32x4.mul(g, signedLog4(argument(values + 32, c, s)));
    const y3 = f32x4.mul(g, signedLog4(argument(values + 48, c, s)));
    storeEntries(values, out, y0, y1, y2, y3);
  }
}

function argument(at: usize, center: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.sub(v128.load(at), center), scale);
}

function storeEntries(values: usize, out: usize, y0: v128, y1: v128, y2: v128, y3: v128): void {
  const low = i16x8.narrow_i32x4_u(entries(y0), entries(y1));
  const high = i16x8.narrow_i32x4_u(entries(y2), entries(y3));
  v128.store(out, i8x16.narrow_i16x8_u(low, high));
  // x − x is 0 for finite values alone.
  const a = v128.load(values), b = v128.load(values, 16);
  const c = v128.load(values, 32), d = v128.load(values, 48);
  const ab = f32x4.add(f32x4.sub(a, a), f32x4.sub(b, b));
  const cd = f32x4.add(f32x4.sub(c, c), f32x4.sub(d, d));
  if (!i32x4.all_true(f32x4.eq(f32x4.add(ab, cd), f32x4.splat(0)))) storeSpecial(values, out);
}

/** 125 + round(125·y), y clamped to ±1; 0 for NaN. */
function entries(y: v128): v128 {
  const middle = v128.load_splat<f32>(CONSTANTS);
  const unit = v128.load_splat<f32>(CONSTANTS, 8);
  const step = f32x4.mul(middle, y);
  const clamped = f32x4.pmin(middle, f32x4.pmax(v128.load_splat<f32>(CONSTANTS, 4), step));
  return i32x4.sub(f32x4.add(clamped, unit), f32x4.sub(unit, middle));
}

/** Entries of the values that are not finite: −∞ 253, +∞ 254, NaN 255. */
function storeSpecial(values: usize, out: usize): void {
  for (let i: usize = 0; i < 16; i++) {
    const value = load<f32>(values + (i << 2));
    if (value != value) store<u8>(out + i, 255);
    else if (value == Infinity) store<u8>(out + i, 254);
    else if (value == -Infinity) store<u8>(out + i, 253);
  }
}
