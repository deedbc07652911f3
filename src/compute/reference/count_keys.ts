import { checkBins } from "../bounds.ts";
import { orderKey } from "../ops.ts";

/** Adds each value to the bin of the top 16 bits of its order-preserving key. */
export function countKeys(values: Float32Array, bins: Uint32Array): void {
  checkBins(bins);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (const pattern of bits) bins[orderKey(pattern) >>> 16]! += 1;
}
