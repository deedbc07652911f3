import { dtypes } from "../formats/format.ts";

/** Element types that a runtime takes and gives: its name, ONNX's and ours. */
export interface Element {
  readonly runtime: string;
  readonly onnx: string;
  readonly dtype:
    | ("F32" | "F64" | "F16" | "BOOL")
    | ("I8" | "I16" | "I32" | "I64")
    | ("U8" | "U16" | "U32" | "U64");
  /** Smallest and largest of integers. */
  readonly bounds?: readonly [bigint, bigint];
}

const signed = (bits: bigint) => [-(1n << bits - 1n), (1n << bits - 1n) - 1n] as const;
const unsigned = (bits: bigint) => [0n, (1n << bits) - 1n] as const;

export const elements: readonly Element[] = [
  { runtime: "float32", onnx: "FLOAT", dtype: "F32" },
  { runtime: "float64", onnx: "DOUBLE", dtype: "F64" },
  { runtime: "float16", onnx: "FLOAT16", dtype: "F16" },
  { runtime: "int8", onnx: "INT8", dtype: "I8", bounds: signed(8n) },
  { runtime: "int16", onnx: "INT16", dtype: "I16", bounds: signed(16n) },
  { runtime: "int32", onnx: "INT32", dtype: "I32", bounds: signed(32n) },
  { runtime: "int64", onnx: "INT64", dtype: "I64", bounds: signed(64n) },
  { runtime: "uint8", onnx: "UINT8", dtype: "U8", bounds: unsigned(8n) },
  { runtime: "uint16", onnx: "UINT16", dtype: "U16", bounds: unsigned(16n) },
  { runtime: "uint32", onnx: "UINT32", dtype: "U32", bounds: unsigned(32n) },
  { runtime: "uint64", onnx: "UINT64", dtype: "U64", bounds: unsigned(64n) },
  { runtime: "bool", onnx: "BOOL", dtype: "BOOL", bounds: unsigned(1n) },
];

/** Whether values are fractions. */
export const isFraction = ({ bounds }: Element): boolean => bounds === undefined;

/** Numbers as the bytes of an element type, little-endian; null for the first that is none of it. */
export function encode(
  { dtype, bounds }: Element,
  values: readonly unknown[],
): Uint8Array<ArrayBuffer> | { readonly odd: unknown } {
  const itemBytes = dtypes[dtype];
  const bytes = new Uint8Array(values.length * itemBytes);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) {
    const number = dtype === "BOOL" && typeof value === "boolean" ? Number(value) : value;
    if (typeof number !== "number") return { odd: value };
    const at = i * itemBytes;
    if (!bounds) {
      if (dtype === "F32") view.setFloat32(at, number, true);
      else if (dtype === "F64") view.setFloat64(at, number, true);
      else view.setFloat16(at, number, true);
      continue;
    }
    if (!Number.isSafeInteger(number)) return { odd: value };
    const whole = BigInt(number);
    if (whole < bounds[0] || whole > bounds[1]) return { odd: value };
    if (itemBytes === 1) view.setUint8(at, Number(BigInt.asUintN(8, whole)));
    else if (itemBytes === 2) view.setUint16(at, Number(BigInt.asUintN(16, whole)), true);
    else if (itemBytes === 4) view.setUint32(at, Number(BigInt.asUintN(32, whole)), true);
    else view.setBigUint64(at, BigInt.asUintN(64, whole), true);
  }
  return bytes;
}

/** Values of an element type, little-endian, as numbers. */
export function decode({ dtype }: Element, bytes: Uint8Array): number[] {
  const size = dtypes[dtype];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const read: Record<Element["dtype"], (at: number) => number> = {
    F32: (at) => view.getFloat32(at, true),
    F64: (at) => view.getFloat64(at, true),
    F16: (at) => view.getFloat16(at, true),
    I8: (at) => view.getInt8(at),
    I16: (at) => view.getInt16(at, true),
    I32: (at) => view.getInt32(at, true),
    I64: (at) => Number(view.getBigInt64(at, true)),
    U8: (at) => view.getUint8(at),
    U16: (at) => view.getUint16(at, true),
    U32: (at) => view.getUint32(at, true),
    U64: (at) => Number(view.getBigUint64(at, true)),
    BOOL: (at) => view.getUint8(at),
  };
  return Array.from({ length: bytes.length / size }, (_, i) => read[dtype](i * size));
}
