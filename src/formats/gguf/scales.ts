import { type Blocked, type Dtype, isBlocked, packingOf, type TensorInfo } from "../format.ts";

/** A number that each block holds: of what type, how many bytes into the block, how many of them. */
interface Field {
  readonly name: "scale" | "min";
  readonly dtype: Dtype;
  readonly at: number;
  readonly count: number;
}

const half = (name: Field["name"], at: number): Field => ({ name, dtype: "F16", at, count: 1 });
/** One for each sub-block, put together from a block's several scales. */
const combined = (dtype: Blocked): Field => ({
  name: "scale",
  dtype,
  at: 0,
  count: packingOf(dtype).elements,
});

/**
 * What blocks hold beside their elements, by ggml's structures. Of IQ types that scale their
 * sub-blocks by a few bits more it is the scale that a block's elements have in common; of IQ1_M
 * even that lies scattered.
 */
const fields: Partial<Record<Dtype, readonly Field[]>> = {
  Q4_0: [half("scale", 0)],
  Q4_1: [half("scale", 0), half("min", 2)],
  Q5_0: [half("scale", 0)],
  Q5_1: [half("scale", 0), half("min", 2)],
  Q8_0: [half("scale", 0)],
  Q8_1: [half("scale", 0)],
  Q2_K: [combined("Q2_K_SCALE")],
  Q3_K: [combined("Q3_K_SCALE")],
  Q4_K: [combined("Q4_K_SCALE")],
  Q5_K: [combined("Q5_K_SCALE")],
  Q6_K: [combined("Q6_K_SCALE")],
  Q8_K: [{ name: "scale", dtype: "F32", at: 0, count: 1 }],
  IQ1_S: [half("scale", 0)],
  IQ2_XXS: [half("scale", 0)],
  IQ2_XS: [half("scale", 0)],
  IQ2_S: [half("scale", 0)],
  IQ3_XXS: [half("scale", 0)],
  IQ3_S: [half("scale", 0)],
  IQ4_NL: [half("scale", 0)],
  IQ4_XS: [half("scale", 0)],
  TQ1_0: [half("scale", 52)],
  TQ2_0: [half("scale", 64)],
  MXFP4: [{ name: "scale", dtype: "F8_E8M0", at: 0, count: 1 }],
  NVFP4: [{ name: "scale", dtype: "F8_E4M3", at: 0, count: 4 }],
};

/** The scales and minima of a quantized tensor's blocks, as tensors "name:scale" and "name:min". */
export function scalesOf(tensor: TensorInfo): TensorInfo[] {
  const { dtype, shape, bytes } = tensor;
  const row = shape.at(-1) ?? 1;
  const wholeRows = row > 0 && row % packingOf(dtype).elements === 0;
  return bytes > 0 && wholeRows ? (fields[dtype] ?? []).map((field) => view(tensor, field)) : [];
}

function view(tensor: TensorInfo, { name, dtype, at, count }: Field): TensorInfo {
  const { elements, bytes } = packingOf(tensor.dtype);
  const last = tensor.shape.length - 1;
  // The field's own steps from block to block; where it has the block's bytes, as many as it has elements.
  const item = packingOf(dtype).bytes;
  const step = isBlocked(dtype) ? count : bytes / item;
  const stepped = (stride: number) => stride / elements * step;
  const blocks = tensor.shape[last]! / elements;
  const shape = tensor.shape.with(last, blocks * count);
  const strides = tensor.strides.map(stepped).with(last, count === step ? 1 : step);
  const composed = {
    ...Object.fromEntries(
      Object.entries(tensor.composed ?? {}).map(([axis, sides]) => [
        axis,
        sides.map(({ size, stride }) => ({ size, stride: stepped(stride) })),
      ]),
    ),
    ...(count > 1 && count < step
      ? { [last]: [{ size: blocks, stride: step }, { size: count, stride: 1 }] }
      : {}),
  };
  return {
    ...tensor,
    name: `${tensor.name}:${name}`,
    dtype,
    shape,
    strides,
    offset: tensor.offset + at,
    bytes: isBlocked(dtype) ? tensor.bytes : tensor.bytes - bytes + item * count,
    ...(Object.keys(composed).length > 0 ? { composed } : {}),
  };
}
