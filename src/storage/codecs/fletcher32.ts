import type { Decoder } from "./codec.ts";

const SUM = 4;

/** HDF5's filter "fletcher32": a checksum, little-endian, after the bytes it is of. */
export const fletcher32: Decoder = {
  most: (length) => Math.max(0, length - SUM),
  before: (size) => size + SUM,
  decode(bytes) {
    if (bytes.length < SUM) throw new Error(`${bytes.length} bytes hold no checksum`);
    const end = bytes.length - SUM;
    const data = bytes.subarray(0, end);
    const stated = new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0, true);
    const found = checksum(data);
    // Versions of the library before 1.6.3 stored the bytes of each half the other way round.
    if (stated === found || stated === swapped(found)) return data;
    throw new Error(`its Fletcher-32 checksum is ${found}, the file states ${stated}`);
  },
};

/** Of big-endian 16-bit words, as the library computes it on every machine; a last odd byte counts high. */
export function checksum(bytes: Uint8Array): number {
  let low = 0;
  let high = 0;
  const even = bytes.length & ~1;
  for (let at = 0; at < even;) {
    // 360 words keep both sums below 2^32.
    for (const stop = Math.min(even, at + 720); at < stop; at += 2) {
      low += bytes[at]! << 8 | bytes[at + 1]!;
      high += low;
    }
    low = fold(low);
    high = fold(high);
  }
  if (even < bytes.length) {
    low += bytes[even]! << 8;
    high += low;
  }
  low = fold(fold(low));
  high = fold(fold(high));
  return (high << 16 | low) >>> 0;
}

const fold = (sum: number) => (sum & 0xffff) + (sum >>> 16);

const swapped = (sum: number) => ((sum & 0x00ff00ff) << 8 | (sum >>> 8) & 0x00ff00ff) >>> 0;
