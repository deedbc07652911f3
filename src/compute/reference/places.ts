import { RAMP } from "../ops.ts";

/** Places on a ramp, as bytes, of its entries. */
export function places(
  entries: Uint8Array,
  least: number,
  most: number,
  zero: number,
): Uint8Array {
  return entries.map((entry) => {
    const at = entry < RAMP ? Math.max(least, Math.min(most, entry)) : zero;
    return Math.round(at * 255 / (RAMP - 1));
  });
}
