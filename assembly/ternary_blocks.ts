// −d and d, and 0 between them: see src/compute/reference/blocks/ternary.ts.
import { crumbs, spread, store16 } from "./blocks";
import { half } from "./narrow_floats";

export function fromQ1_0(source: usize, target: usize, end: usize): void {
  const minus = i8x16.splat(-1);
  for (; target < end; source += 18) {
    const d = half(source);
    for (let at = source + 2; at < source + 18; at += 2, target += 64) {
      const set = spread(load<u16>(at));
      store16(target, i8x16.sub(minus, i8x16.add(set, set)), d);
    }
  }
}

export function fromTQ1_0(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 54) {
    const d = half(source + 52);
    let a = v128.load(source), b = v128.load(source, 16), c = v128.load(source, 32);
    for (let place = 0; place < 5; place++, target += 128) {
      store16(target, digits(a), d);
      store16(target + 64, digits(b), d);
      a = thrice(a), b = thrice(b);
    }
    for (let place = 0; place < 5; place++, target += 64) {
      store16(target, digits(c), d);
      c = thrice(c);
    }
    // First digits of four bytes, their second digits, …
    const e = v128.load32_zero(source, 48), f = thrice(e), g = thrice(f), h = thrice(g);
    const ef = v128.shuffle<i32>(e, f, 0, 4, 0, 4), gh = v128.shuffle<i32>(g, h, 0, 4, 0, 4);
    store16(target, digits(v128.shuffle<i64>(ef, gh, 0, 2)), d);
    target += 64;
  }
}

export function fromTQ2_0(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 66) {
    const d = half(source + 64), one = i8x16.splat(1);
    for (let at = source; at < source + 64; at += 32) {
      for (let shift = 0; shift < 8; shift += 2, target += 128) {
        store16(target, i8x16.sub(crumbs(v128.load(at), shift), one), d);
        store16(target + 64, i8x16.sub(crumbs(v128.load(at, 16), shift), one), d);
      }
    }
  }
}

/** The integer part of 3 bytes / 256, less 1: each threshold passed adds 1. */
function digits(v: v128): v128 {
  const first = i8x16.ge_u(v, i8x16.splat(86)), second = i8x16.ge_u(v, i8x16.splat(-85));
  return i8x16.sub(i8x16.splat(-1), i8x16.add(first, second));
}

function thrice(v: v128): v128 {
  return i8x16.add(v, i8x16.add(v, v));
}
