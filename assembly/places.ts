// places: entries of a ramp to bytes, 16 at a time. See `Ops.places`. Up to 15 more are read and written
// than asked, for which the host leaves room.

/** The last entry of a ramp. */
const LAST: i32 = 250;

export function places(
  entries: usize,
  length: i32,
  least: u8,
  most: u8,
  zero: u8,
  out: usize,
): void {
  const low = i8x16.splat(least), high = i8x16.splat(most), none = i8x16.splat(zero);
  for (const end = out + length; out < end; out += 16, entries += 16) {
    const entry = v128.load(entries);
    let place = i8x16.max_u(low, i8x16.min_u(high, entry));
    place = v128.bitselect(none, place, i8x16.gt_u(entry, i8x16.splat(<i8> LAST)));
    // round(e · 255 / 250) is e and one more for each of 25, 75, … 225 that it reaches.
    let byte = place;
    for (let step = 25; step < LAST; step += 50) {
      byte = i8x16.sub(byte, i8x16.ge_u(place, i8x16.splat(<i8> step)));
    }
    v128.store(out, byte);
  }
}
