/** Notes the largest array that is asked for: a header must not make a reader allocate what it claims. */

let largest = 0;

const kinds = {
  ...{
    ArrayBuffer,
    SharedArrayBuffer,
    Uint8Array,
    Int8Array,
    Uint16Array,
    Int16Array,
    Uint32Array,
  },
  ...{ Int32Array, Float32Array, Float64Array, BigUint64Array, BigInt64Array, Array },
};

/** Counts from now on, in this thread. */
export function watchAllocations(): void {
  for (const [name, Kind] of Object.entries(kinds)) {
    const width = "BYTES_PER_ELEMENT" in Kind ? Number(Kind.BYTES_PER_ELEMENT) : 1;
    const note = ([size]: unknown[]) => {
      if (typeof size === "number") largest = Math.max(largest, size * width);
    };
    const watched: object = new Proxy(Kind, {
      construct(target, args, newTarget) {
        note(args);
        return Reflect.construct(target, args, newTarget === watched ? target : newTarget);
      },
      apply(target, self, args) {
        note(args);
        return Reflect.apply(target as (...args: unknown[]) => unknown, self, args);
      },
    });
    Object.defineProperty(globalThis, name, { value: watched, writable: true, configurable: true });
  }
}

/** Bytes of the largest since the last call. */
export function largestAllocation(): number {
  const found = largest;
  largest = 0;
  return found;
}
