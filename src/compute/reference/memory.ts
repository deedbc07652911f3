import type { Allocator } from "../stats.ts";

/** Arrays of the ordinary heap. */
export const heap: Allocator = {
  floats: (length) => new Float32Array(length),
  words: (length) => new Uint32Array(length),
};

/** Runs `work`; the garbage collector takes back what was made in it. */
export const frame = <T>(work: () => T): T => work();

export const scratch = (byteLength: number): Uint8Array => new Uint8Array(byteLength);

export const keep = (byteLength: number): Uint8Array<ArrayBuffer> => new Uint8Array(byteLength);

/** Nothing has to be given back. */
export const release = (): void => {};
