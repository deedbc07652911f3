// Integers of one scale, and perhaps an offset: see src/compute/reference/blocks/linear.ts.
import { highNibbles, lowNibbles, spread, store16, store16Above } from "./blocks";
import { half } from "./narrow_floats";

export function fromQ4_0(source: usize, target: usize, end: usize): void {
  const eight = i8x16.splat(8);
  for (; target < end; source += 18, target += 128) {
    const d = half(source), q = v128.load(source, 2);
    store16(target, i8x16.sub(lowNibbles(q), eight), d);
    store16(target + 64, i8x16.sub(highNibbles(q), eight), d);
  }
}

export function fromQ4_1(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 20, target += 128) {
    const d = half(source), m = half(source + 2), q = v128.load(source, 4);
    store16Above(target, lowNibbles(q), d, m);
    store16Above(target + 64, highNibbles(q), d, m);
  }
}

export function fromQ5_0(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 22, target += 128) {
    const d = half(source), q = v128.load(source, 6);
    // Where the fifth bit is set, 16 is added and 16 taken away.
    const sixteen = i8x16.splat(16);
    const low = v128.andnot(sixteen, spread(load<u16>(source, 2)));
    const high = v128.andnot(sixteen, spread(load<u16>(source, 4)));
    store16(target, i8x16.sub(lowNibbles(q), low), d);
    store16(target + 64, i8x16.sub(highNibbles(q), high), d);
  }
}

export function fromQ5_1(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 24, target += 128) {
    const d = half(source), m = half(source + 2), q = v128.load(source, 8);
    const sixteen = i8x16.splat(16);
    const low = v128.and(sixteen, spread(load<u16>(source, 4)));
    const high = v128.and(sixteen, spread(load<u16>(source, 6)));
    store16Above(target, v128.or(lowNibbles(q), low), d, m);
    store16Above(target + 64, v128.or(highNibbles(q), high), d, m);
  }
}

export function fromQ8_0(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 34, target += 128) {
    const d = half(source);
    store16(target, v128.load(source, 2), d);
    store16(target + 64, v128.load(source, 18), d);
  }
}

export function fromQ8_1(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 36, target += 128) {
    const d = half(source);
    store16(target, v128.load(source, 4), d);
    store16(target + 64, v128.load(source, 20), d);
  }
}

export function fromQ8_K(source: usize, target: usize, end: usize): void {
  for (; target < end; source += 292) {
    const d = v128.load_splat<f32>(source), next = target + 1024;
    for (let q = source + 4; target < next; q += 16, target += 64) store16(target, v128.load(q), d);
  }
}
