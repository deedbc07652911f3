import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import type { Entry } from "./sink.ts";

/**
 * Tiles that were written, by what is in them. It tells where an equal one may be: sums agree by
 * chance too, so the bytes have to be compared.
 */
export class Duplicates {
  // By length and CRC-32 as one number: 100 bytes a tile would be much for a million of them.
  readonly #first = new Map<number, number>();

  /** The number that `add` was given with a tile that may be equal. */
  find(entry: Omit<Entry, "offset">): number | undefined {
    return this.#first.get(keyOf(entry));
  }

  /** `where` is what the caller finds the tile by. */
  add(entry: Omit<Entry, "offset">, where: number): void {
    this.#first.set(keyOf(entry), where);
  }
}

const keyOf = ({ length, sum }: Omit<Entry, "offset">) => (length % 2 ** 21) * 2 ** 32 + sum;

/** Of a tile that has no place yet. */
export const measured = (bytes: Uint8Array): Omit<Entry, "offset"> => ({
  length: bytes.length,
  sum: crc32(bytes),
});

export const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
