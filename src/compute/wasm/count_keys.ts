import { countKeys as kernel } from "../../../assembly/build/kernels.wasm";
import { checkBins } from "../bounds.ts";
import { frame, isNear, place, words } from "./memory.ts";

/** Adds each value to the bin of the top 16 bits of its order-preserving key. */
export function countKeys(values: Float32Array, bins: Uint32Array): void {
  checkBins(bins);
  frame(() => {
    const near = isNear(bins) ? bins : words(bins.length);
    if (near !== bins) near.set(bins);
    kernel(place(values), values.length, near.byteOffset);
    if (near !== bins) bins.set(near);
  });
}
