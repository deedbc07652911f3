import { largest as kernel } from "../../../assembly/build/kernels.wasm";
import { frame, place } from "./memory.ts";

export function largest(bytes: Uint8Array): number {
  return frame(() => kernel(place(bytes), bytes.length));
}
