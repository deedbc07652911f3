import type { Codec } from "../source.ts";
import type { Decoder } from "./codec.ts";

/**
 * HDF5's filter "shuffle": all first bytes of the elements, then all second ones, and so on; bytes
 * after the last whole element stay at the end.
 */
export const shuffle: Decoder<Codec & { readonly name: "shuffle" }> = {
  most: (length) => length,
  before: (size) => size,
  decode(bytes, _limit, { itemBytes }) {
    const count = Math.floor(bytes.length / itemBytes);
    if (itemBytes === 1 || count <= 1) return bytes;
    const whole = new Uint8Array(bytes.length);
    for (let place = 0; place < itemBytes; place++) {
      const from = place * count;
      for (let i = 0, to = place; i < count; i++, to += itemBytes) whole[to] = bytes[from + i]!;
    }
    whole.set(bytes.subarray(count * itemBytes), count * itemBytes);
    return whole;
  },
};
