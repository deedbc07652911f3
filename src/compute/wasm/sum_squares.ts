import { sumSquares as kernel } from "../../../assembly/build/kernels.wasm";
import { frame, place } from "./memory.ts";

export function sumSquares(values: Float32Array): number {
  return frame(() => kernel(place(values), values.length));
}
