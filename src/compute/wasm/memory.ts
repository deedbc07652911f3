import { heapBase, memory } from "../../../assembly/build/kernels.wasm";

// A bump allocator over the kernels' memory: a frame marks where it stands and goes back there.
// The memory never grows, so views of it never detach.

const ALIGNMENT = 16;

/** Kernels work in whole vectors: they may read (and, within the alignment, write) this far beyond. */
const OVERSHOOT = 128;

const base = heapBase();
const end = memory.buffer.byteLength - OVERSHOOT;
let next = base;
let frames = 0;

/** Runs `work`, then takes back every scratch array made in it. Frames nest. */
export function frame<T>(work: () => T): T {
  const mark = next;
  frames++;
  try {
    return work();
  } finally {
    frames--;
    next = mark;
  }
}

/**
 * Bytes in the kernels' memory, 16-byte aligned, contents undefined, valid until the frame around
 * the call ends. Throws `RangeError` where there is not that much left or no frame around.
 */
export function scratch(byteLength: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(memory.buffer, reserve(byteLength), byteLength);
}

/** `scratch` of `length` float32 values. */
export function floats(length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(memory.buffer, reserve(length * 4), length);
}

/** `scratch` of `length` unsigned 32-bit integers. */
export function words(length: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(memory.buffer, reserve(length * 4), length);
}

/** Whether an array already lies where kernels can reach it. */
export const isNear = (array: ArrayBufferView): boolean => array.buffer === memory.buffer;

/** Address of an array's contents: its own where kernels can reach it, else that of a copy. */
export function place(array: ArrayBufferView): number {
  if (isNear(array)) return array.byteOffset;
  const copy = scratch(array.byteLength);
  copy.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return copy.byteOffset;
}

function reserve(byteLength: number): number {
  if (frames === 0) throw new RangeError(`${byteLength} bytes of scratch asked outside a frame`);
  if (byteLength > end - next) {
    throw new RangeError(
      `${byteLength} bytes of scratch asked, ${end - next} of ${end - base} are free`,
    );
  }
  const at = next;
  // An empty array has an address of its own too, so that arrays made in a row are evenly spaced.
  next = Math.min(end, Math.ceil((at + Math.max(1, byteLength)) / ALIGNMENT) * ALIGNMENT);
  return at;
}
