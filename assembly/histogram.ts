// How often each byte occurs.

/** 256 sums (u32), once `sum` was called. */
export const counts = memory.data(1024, 16);
/** Four histograms side by side, so that equal neighbours do not wait for one another. */
const lanes = memory.data(4 * 1024, 16);

export function clear(): void {
  memory.fill(lanes, 0, 4096);
}

/** Counts the bytes from..to. */
export function count(from: usize, to: usize): void {
  for (; from + 8 <= to; from += 8) {
    const eight = load<u64>(from);
    increment(0, <u32> eight);
    increment(1, <u32> eight >> 8);
    increment(2, <u32> eight >> 16);
    increment(3, <u32> eight >> 24);
    const high = <u32> (eight >> 32);
    increment(0, high);
    increment(1, high >> 8);
    increment(2, high >> 16);
    increment(3, high >> 24);
  }
  for (; from < to; from++) increment(0, load<u8>(from));
}

function increment(k: u32, bits: u32): void {
  const at = lanes + (k << 10) + ((bits & 255) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Adds up the lanes into `counts`. */
export function sum(): void {
  for (let i: usize = 0; i < 1024; i += 16) {
    const low = i32x4.add(v128.load(lanes + i), v128.load(lanes + i + 1024));
    const high = i32x4.add(v128.load(lanes + i + 2048), v128.load(lanes + i + 3072));
    v128.store(counts + i, i32x4.add(low, high));
  }
}

/** log2 in 1/256, of x > 0, from a parabola between powers of two: off by less than 0.012. */
export function log2(x: u32): u32 {
  const whole = 31 - clz(x);
  const part = <u32> (<u64> x << 8 >> whole) & 255;
  return whole << 8 | part + (part * (256 - part) * 88 >> 16);
}
