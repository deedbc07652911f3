import { crc32c as kernel } from "../../../assembly/build/kernels.wasm";
import { frame, place } from "./memory.ts";

export function crc32c(bytes: Uint8Array, before = 0): number {
  return frame(() => kernel(place(bytes), bytes.length, before)) >>> 0;
}
