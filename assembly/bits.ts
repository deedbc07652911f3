// A little-endian bit stream, as deflate writes it.

/** Where the next whole byte goes. */
export let cursor: usize = 0;
/** Bits not yet part of a whole byte, fewer than eight, in the low end of `pending`. */
export let held: u64 = 0;
export let pending: u64 = 0;

/** Starts a stream, or takes over from a loop that kept these three in locals. */
export function resume(at: usize, bits: u64, count: u64): void {
  cursor = at;
  pending = bits;
  held = count;
}

/** Appends the low `count` ≤ 56 bits of `bits`; the rest of `bits` must be 0. */
export function put(bits: u64, count: u64): void {
  pending |= bits << held;
  held += count;
  store<u64>(cursor, pending);
  cursor += <usize> (held >> 3);
  pending >>= held & 56;
  held &= 7;
}

/** Pads with zero bits to a whole byte. */
export function align(): void {
  if (held > 0) put(0, 8 - held);
}
