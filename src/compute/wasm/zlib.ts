import { deflate } from "../../../assembly/build/kernels.wasm";
import { place, scratch } from "./memory.ts";

export function zlib(bytes: Uint8Array, rowLength: number): Uint8Array {
  const source = place(bytes);
  // Blocks that would grow are stored, with five bytes a block of 65,535.
  const target = scratch(bytes.length + (bytes.length >> 10) + 64);
  return target.subarray(0, deflate(source, bytes.length, rowLength, target.byteOffset));
}
