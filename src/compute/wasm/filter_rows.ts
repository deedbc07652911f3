import { filterRows as kernel } from "../../../assembly/build/kernels.wasm";
import { place, scratch } from "./memory.ts";

/** What the kernel may write past its result. */
const SLACK = 16;

export function filterRows(
  bytes: Uint8Array,
  width: number,
  height: number,
  pixel: number,
): Uint8Array {
  const source = place(bytes);
  const size = (width + 1) * height;
  const target = scratch(size + SLACK);
  kernel(source, width, height, pixel, target.byteOffset);
  return target.subarray(0, size);
}
