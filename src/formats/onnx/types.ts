import { blocks, type Dtype, dtypes } from "../format.ts";

/** The fields of TensorProto that hold values of one kind: their numbers, and bytes of an element. */
export const typed = {
  float: { number: 4, itemBytes: 4 },
  int32: { number: 5, itemBytes: "varint" },
  int64: { number: 7, itemBytes: "varint" },
  double: { number: 10, itemBytes: 8 },
  uint64: { number: 11, itemBytes: "varint" },
} as const;

export type Typed = typeof typed[keyof typeof typed];

/** An element type of `TensorProto.DataType`. */
export interface ElementType {
  readonly name: string;
  /** What it is called here, if it can be drawn. */
  readonly dtype?: Dtype;
  /** Where its values are if they are not raw. */
  readonly typed?: Typed;
}

const { float, int32, int64, double, uint64 } = typed;

/** By number: name, name here, field of its values. */
const list: readonly (readonly [string, string?, Typed?])[] = [
  ["UNDEFINED"],
  ["FLOAT", "F32", float],
  ["UINT8", "U8", int32],
  ["INT8", "I8", int32],
  ["UINT16", "U16", int32],
  ["INT16", "I16", int32],
  ["INT32", "I32", int32],
  ["INT64", "I64", int64],
  ["STRING"],
  ["BOOL", "BOOL", int32],
  ["FLOAT16", "F16", int32],
  ["DOUBLE", "F64", double],
  ["UINT32", "U32", uint64],
  ["UINT64", "U64", uint64],
  ["COMPLEX64"],
  ["COMPLEX128"],
  ["BFLOAT16", "BF16", int32],
  ["FLOAT8E4M3FN", "F8_E4M3", int32],
  ["FLOAT8E4M3FNUZ", "F8_E4M3FNUZ", int32],
  ["FLOAT8E5M2", "F8_E5M2", int32],
  ["FLOAT8E5M2FNUZ", "F8_E5M2FNUZ", int32],
  ["UINT4", "U4", int32],
  ["INT4", "I4", int32],
  ["FLOAT4E2M1", "F4_E2M1", int32],
  ["FLOAT8E8M0", "F8_E8M0", int32],
  ["UINT2"],
  ["INT2"],
  ["FLOAT6E2M3"],
  ["FLOAT6E3M2"],
];

const isDtype = (name: string): name is Dtype => name in dtypes || name in blocks;

const types = list.map(([name, dtype = "", typed]): ElementType => ({
  name,
  ...(isDtype(dtype) && typed ? { dtype, typed } : {}),
}));

/** The element type of a number; one without a name for a number that ONNX does not define. */
export const elementType = (number: number): ElementType =>
  types[number] ?? { name: `number ${number}` };
