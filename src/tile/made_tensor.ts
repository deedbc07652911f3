import { elementCount, rowMajor, type TensorInfo } from "../formats/format.ts";

let made = 0;

/** A tensor of float32 that no file has, in row-major order, in memory of its own. */
export function madeTensor(
  name: string,
  shape: readonly number[],
  memory: SharedArrayBuffer,
): TensorInfo {
  return {
    ...{ name, dtype: "F32", shape, strides: rowMajor(shape), bigEndian: false },
    // Numbered, since the same may be made again of another version.
    source: { kind: "memory", name: `${name} #${++made}`, bytes: new Uint8Array(memory) },
    ...{ offset: 0, bytes: 4 * elementCount(shape) },
  };
}
