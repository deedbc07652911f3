import type { Scalar } from "../format.ts";
import type { Global } from "./values.ts";

/** An element type of PyTorch: its bytes, and what it is here, or else why it is nothing here. */
export interface Element {
  readonly bytes: number;
  readonly dtype?: Scalar;
  readonly reason?: string;
}

const real = (dtype: Scalar, bytes: number): Element => ({ dtype, bytes });
const other = (what: string, bytes: number): Element => ({
  bytes,
  reason: `its elements are ${what}`,
});

/** https://docs.pytorch.org/docs/stable/tensor_attributes.html, and the quantized ones' integers. */
const elements: Readonly<Record<string, Element>> = {
  float64: real("F64", 8),
  double: real("F64", 8),
  float32: real("F32", 4),
  float: real("F32", 4),
  float16: real("F16", 2),
  half: real("F16", 2),
  bfloat16: real("BF16", 2),
  float8_e4m3fn: real("F8_E4M3", 1),
  float8_e5m2: real("F8_E5M2", 1),
  int64: real("I64", 8),
  long: real("I64", 8),
  int32: real("I32", 4),
  int: real("I32", 4),
  int16: real("I16", 2),
  short: real("I16", 2),
  int8: real("I8", 1),
  uint64: real("U64", 8),
  uint32: real("U32", 4),
  uint16: real("U16", 2),
  uint8: real("U8", 1),
  bool: real("BOOL", 1),
  qint8: real("I8", 1),
  quint8: real("U8", 1),
  qint32: real("I32", 4),
  quint4x2: other("two to a byte", 1),
  quint2x4: other("four to a byte", 1),
  float4_e2m1fn_x2: other("two to a byte", 1),
  float8_e4m3fnuz: other("8-bit floats of another kind", 1),
  float8_e5m2fnuz: other("8-bit floats of another kind", 1),
  float8_e8m0fnu: other("exponents alone", 1),
  complex32: other("complex numbers", 4),
  chalf: other("complex numbers", 4),
  complex64: other("complex numbers", 8),
  cfloat: other("complex numbers", 8),
  complex128: other("complex numbers", 16),
  cdouble: other("complex numbers", 16),
};

/** "FloatStorage" has float32; an untyped one has bytes. */
const storages: Readonly<Record<string, string>> = {
  Double: "float64",
  Float: "float32",
  Half: "float16",
  BFloat16: "bfloat16",
  Long: "int64",
  Int: "int32",
  Short: "int16",
  Char: "int8",
  Byte: "uint8",
  Bool: "bool",
  QInt8: "qint8",
  QUInt8: "quint8",
  QInt32: "qint32",
  QUInt4x2: "quint4x2",
  QUInt2x4: "quint2x4",
  ComplexHalf: "complex32",
  ComplexFloat: "complex64",
  ComplexDouble: "complex128",
  Untyped: "uint8",
  _Untyped: "uint8",
};

/** The element type that a global such as `torch.bfloat16` is; undefined for one that is none. */
export function elementOf({ module, member }: Global): Element | undefined {
  return module === "torch" ? own(elements, member) : undefined;
}

/** The element type of a storage's class, such as `torch.FloatStorage`. */
export function elementOfStorage({ module, member }: Global): Element | undefined {
  if (!/^torch(\.(cuda|storage))?$/.test(module) || !member.endsWith("Storage")) return undefined;
  const dtype = own(storages, member.slice(0, -"Storage".length));
  return dtype === undefined ? undefined : elements[dtype];
}

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
