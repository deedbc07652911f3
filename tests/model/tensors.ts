import type { TensorInfo } from "../../src/formats/format.ts";

/** A float32 tensor without bytes, of the shape that its name suggests, unless told otherwise. */
export const tensor = (
  name: string,
  shape: readonly number[] = shapeOf(name),
  more: Partial<TensorInfo> = {},
): TensorInfo => ({
  name,
  dtype: "F32",
  shape,
  strides: [],
  bigEndian: false,
  source: { kind: "memory", name: "none", bytes: new Uint8Array() },
  offset: 0,
  bytes: 0,
  ...more,
});

/** Biases and norms are vectors, a mask has four axes. */
function shapeOf(name: string): number[] {
  if (/attn\.bias$/.test(name)) return [1, 1, 8, 8];
  return /bias$|(norm|ln|bn)[^.]*\.\w+$|running|downsample\.1|class/i.test(name) ? [4] : [4, 4];
}
