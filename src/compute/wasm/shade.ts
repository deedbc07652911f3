import { shadeLinear, shadeLog, shadeTanh } from "../../../assembly/build/kernels.wasm";
import type { Shade } from "../ops.ts";
import { place, scratch } from "./memory.ts";

const kernels = { linear: shadeLinear, tanh: shadeTanh, log: shadeLog } as const;

/** One palette entry a value. */
export function shade(values: Float32Array, { curve, center, scale, gain }: Shade): Uint8Array {
  const out = scratch(values.length);
  kernels[curve](place(values), values.length, center, scale, gain, out.byteOffset);
  return out;
}
