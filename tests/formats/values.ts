import { packingOf, type TensorInfo } from "../../src/formats/format.ts";
import { openSource } from "../../src/storage/open.ts";
import { blockValues } from "./blocks.ts";

/** A tensor's values in float64, one `DataView` call each: slow, obvious, not the project's decoder. */
export async function valuesOf(tensor: TensorInfo): Promise<Float64Array> {
  const source = openSource(tensor.source);
  try {
    const bytes = await source.read(tensor.offset, tensor.bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = tensor.shape.reduce((product, side) => product * side, 1);
    const packing = packingOf(tensor.dtype);
    return Float64Array.from({ length: count }, (_, i) => {
      const at = position(i, tensor);
      const start = Math.floor(at / packing.elements) * packing.bytes;
      const block = blockValues[tensor.dtype];
      // One rounding, at the end: what comes before is exact in float32 too.
      if (block) return Math.fround(block(view, start, at % packing.elements));
      return element(view, start, tensor);
    });
  } finally {
    source.close();
  }
}

/** Where in the file, in elements, the i-th value in row-major order lies. */
function position(i: number, { shape, strides, composed }: TensorInfo): number {
  let at = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    let digit = i % shape[axis]!;
    i = Math.floor(i / shape[axis]!);
    const sides = composed?.[axis] ?? [{ size: shape[axis]!, stride: strides[axis]! }];
    for (const { size, stride } of sides.toReversed()) {
      at += digit % size * stride;
      digit = Math.floor(digit / size);
    }
  }
  return at;
}

function element(view: DataView, at: number, { dtype, bigEndian }: TensorInfo): number {
  const little = !bigEndian;
  switch (dtype) {
    case "F64":
      return view.getFloat64(at, little);
    case "F32":
      return view.getFloat32(at, little);
    case "F16":
      return view.getFloat16(at, little);
    case "BF16":
      return new Float32Array(Uint32Array.of(view.getUint16(at, little) << 16).buffer)[0]!;
    case "I64":
      return Number(view.getBigInt64(at, little));
    case "I32":
      return view.getInt32(at, little);
    case "I16":
      return view.getInt16(at, little);
    case "I8":
      return view.getInt8(at);
    case "U64":
      return Number(view.getBigUint64(at, little));
    case "U32":
      return view.getUint32(at, little);
    case "U16":
      return view.getUint16(at, little);
    case "U8":
    case "BOOL":
      return view.getUint8(at);
    default:
      throw new Error(`no reference file holds ${dtype}`);
  }
}
