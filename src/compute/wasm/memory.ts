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

/** What is kept beyond frames, from the memory's end downwards. */
const kept: { readonly at: number; readonly byteLength: number }[] = [];

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

/** `scratch` of `length` float64 values. */
export function doubles(length: number): Float64Array<ArrayBuffer> {
  return new Float64Array(memory.buffer, reserve(length * 8), length);
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

/** An array where kernels can reach it: itself, or a copy. */
export function nearDoubles(array: Float64Array): Float64Array {
  if (isNear(array)) return array;
  const copy = doubles(array.length);
  copy.set(array);
  return copy;
}

/**
 * Bytes that outlive frames, 16-byte aligned, contents undefined, until `release`: taken from the end
 * of the memory, or from between what is kept already. Throws `RangeError` where there is no room.
 */
export function keep(byteLength: number): Uint8Array<ArrayBuffer> {
  let above = end;
  for (let i = 0;; i++) {
    const at = Math.floor((above - byteLength) / ALIGNMENT) * ALIGNMENT;
    const below = kept[i];
    if (at >= (below ? below.at + below.byteLength : next)) {
      kept.splice(i, 0, { at, byteLength });
      return new Uint8Array(memory.buffer, at, byteLength);
    }
    if (!below) {
      throw new RangeError(
        `${byteLength} bytes to keep, ${above - next} of ${end - base} are free`,
      );
    }
    above = below.at;
  }
}

/** Gives back what `keep` gave. */
export function release(bytes: Uint8Array): void {
  const i = kept.findIndex(({ at }) => at === bytes.byteOffset);
  if (i >= 0 && isNear(bytes)) kept.splice(i, 1);
}

function reserve(byteLength: number): number {
  if (frames === 0) throw new RangeError(`${byteLength} bytes of scratch asked outside a frame`);
  const limit = kept.at(-1)?.at ?? end;
  if (byteLength > limit - next) {
    throw new RangeError(
      `${byteLength} bytes of scratch asked, ${limit - next} of ${end - base} are free`,
    );
  }
  const at = next;
  // An empty array has an address of its own too, so that arrays made in a row are evenly spaced.
  next = Math.min(limit, Math.ceil((at + Math.max(1, byteLength)) / ALIGNMENT) * ALIGNMENT);
  return at;
}
