import { crc32 as kernel } from "../../../assembly/build/kernels.wasm";
import { frame, place } from "./memory.ts";

export function crc32(bytes: Uint8Array, crc = 0): number {
  return frame(() => kernel(place(bytes), bytes.length, crc) >>> 0);
}
