import { type Dtype, dtypes } from "../format.ts";

/** An element type of TensorFlow's `DataType`. */
export interface ElementType {
  /** As TensorFlow calls it, without "DT_". */
  readonly name: string;
  /** What it is called here, if it can be drawn. */
  readonly dtype?: Dtype;
  /** The field of a TensorProto that holds its values one by one. */
  readonly field?: number;
}

/** By number: name, name here, field of single values. Quantized types are drawn as stored. */
const list: readonly (readonly [string, string?, number?])[] = [
  ["INVALID"],
  ["FLOAT", "F32", 5],
  ["DOUBLE", "F64", 6],
  ["INT32", "I32", 7],
  ["UINT8", "U8", 7],
  ["INT16", "I16", 7],
  ["INT8", "I8", 7],
  ["STRING"],
  ["COMPLEX64"],
  ["INT64", "I64", 10],
  ["BOOL", "BOOL", 11],
  ["QINT8", "I8", 7],
  ["QUINT8", "U8", 7],
  ["QINT32", "I32", 7],
  ["BFLOAT16", "BF16", 13],
  ["QINT16", "I16", 7],
  ["QUINT16", "U16", 7],
  ["UINT16", "U16", 7],
  ["COMPLEX128"],
  ["HALF", "F16", 13],
  ["RESOURCE"],
  ["VARIANT"],
  ["UINT32", "U32", 16],
  ["UINT64", "U64", 17],
  ["FLOAT8_E5M2", "F8_E5M2", 18],
  ["FLOAT8_E4M3FN", "F8_E4M3", 18],
  ["FLOAT8_E4M3FNUZ", "F8_E4M3FNUZ", 18],
  ["FLOAT8_E4M3B11FNUZ"],
  ["FLOAT8_E5M2FNUZ", "F8_E5M2FNUZ", 18],
  ["INT4"],
  ["UINT4"],
  ["INT2"],
  ["UINT2"],
  ["FLOAT4_E2M1FN"],
];

/** Added to the number of a type for a reference to a variable of it. */
const REFERENCE = 100;

const types = list.map(([name, dtype = "", field]): ElementType => ({
  name,
  ...(dtype in dtypes ? { dtype: dtype as Dtype } : {}),
  ...(field ? { field } : {}),
}));

/** The element type of a number; one without a dtype for a number that TensorFlow does not define. */
export const elementType = (number: number): ElementType =>
  types[number > REFERENCE ? number - REFERENCE : number] ?? { name: `number ${number}` };
