/** The header ends at a multiple of this (NumPy Enhancement Proposal 1), so that values are aligned. */
const ALIGNMENT = 64;

/**
 * A .npy file, version 1.0: float32, little-endian, C order, of shape (height, width).
 * @returns a file in memory of its own
 */
export function encodeNpy(
  values: Float32Array,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  const about = `{'descr': '<f4', 'fortran_order': False, 'shape': (${height}, ${width}), }`;
  const prelude = 10; // "\x93NUMPY", version 1.0, and the header's length as u16
  const start = Math.ceil((prelude + about.length + 1) / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(start + values.byteLength);
  const header = about.padEnd(start - prelude - 1) + "\n";
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(file.buffer).setUint16(8, header.length, true);
  new TextEncoder().encodeInto(header, file.subarray(prelude));
  file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), start);
  return file;
}
