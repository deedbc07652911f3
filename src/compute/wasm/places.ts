import { places as kernel } from "../../../assembly/build/kernels.wasm";
import { place, scratch } from "./memory.ts";

/** Places on a ramp, as bytes, of its entries. */
export function places(
  entries: Uint8Array,
  least: number,
  most: number,
  zero: number,
): Uint8Array {
  const out = scratch(entries.length);
  kernel(place(entries), entries.length, least, most, zero, out.byteOffset);
  return out;
}
