import type { Codec } from "../source.ts";
import type { Decoder } from "./codec.ts";

/** The longest varint: 64 bits, 7 a byte. Negative integers of any size are written so. */
const LONGEST = 10;

/**
 * Protobuf's packed integers (https://protobuf.dev/programming-guides/encoding) to little-endian
 * ones of 1, 2, 4 or 8 bytes; higher bits are left out, as protobuf's readers do.
 */
export const varints: Decoder<Codec & { readonly name: "varints" }> = {
  most: (length, { itemBytes }) => length * itemBytes,
  before: (size, { itemBytes }) => size / itemBytes * LONGEST,
  decode(bytes, limit, { itemBytes }) {
    const count = lastBytes(bytes);
    if (count * itemBytes > limit) throw new Error(`${count} numbers are too many`);
    const whole = new Uint8Array(count * itemBytes);
    for (let from = 0, to = 0; to < whole.length; to += itemBytes) {
      let [low, high] = [0, 0];
      for (let shift = 0;; shift += 7) {
        if (shift === 7 * LONGEST) throw new Error(`a number is longer than ${LONGEST} bytes`);
        const byte = bytes[from++]!;
        const bits = byte & 127;
        if (shift < 28) low |= bits << shift;
        else if (shift === 28) {
          low |= bits << 28;
          high = bits >> 4;
        } else high |= bits << (shift - 32);
        if (byte < 128) break;
      }
      for (let i = 0; i < itemBytes; i++) {
        whole[to + i] = i < 4 ? low >>> (8 * i) : high >>> (8 * i - 32);
      }
    }
    return whole;
  },
};

/** How many numbers end in these bytes. */
function lastBytes(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte < 128) count++;
  if (bytes.length > 0 && bytes.at(-1)! > 127) throw new Error("ends in the middle of a number");
  return count;
}
