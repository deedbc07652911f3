import { magnitude as kernel } from "../../../assembly/build/kernels.wasm";
import { frame, place } from "./memory.ts";

/** The largest magnitude. */
export const magnitude = (values: Float32Array): number =>
  frame(() => kernel(place(values), values.length));
