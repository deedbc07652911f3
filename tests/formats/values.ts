import type { TensorInfo } from "../../src/formats/format.ts";
import { openSource } from "../../src/storage/open.ts";

/** A tensor's values in float64, one `DataView` call each: slow, obvious, not the project's decoder. */
export async function valuesOf(tensor: TensorInfo): Promise<Float64Array> {
  const source = openSource(tensor.source);
  try {
    const bytes = await source.read(tensor.offset, tensor.bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = tensor.shape.reduce((product, side) => product * side, 1);
    const width = count === 0 ? 0 : tensor.bytes / count;
    return Float64Array.from({ length: count }, (_, i) => {
      return element(view, position(i, tensor) * width, tensor);
    });
  } finally {
    source.close();
  }
}

/** Where in the file, in elements, the i-th value in row-major order lies. */
function position(i: number, { shape, strides }: TensorInfo): number {
  let at = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at += (i % shape[axis]!) * strides[axis]!;
    i = Math.floor(i / shape[axis]!);
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
