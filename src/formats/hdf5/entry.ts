import type { Cursor } from "./cursor.ts";

/** Where an index says that a chunk is. */
export interface Entry {
  readonly address: number;
  /** Bytes as stored. */
  readonly size: number;
  /** A bit for each filter that it did not go through. */
  readonly mask: number;
}

/**
 * A chunk's entry at the front of `block`, `after` bytes from its end; undefined for a chunk that
 * was not written. Of one through no filter, only the address is there, and `bytes` its size.
 */
export function readEntry(
  block: Cursor,
  filtered: boolean,
  bytes: number,
  after = 0,
): Entry | undefined {
  const width = block.left - block.sizes.offset - 4 - after;
  const address = block.offset();
  const size = filtered ? block.count(width, "size of a chunk") : bytes;
  const mask = filtered ? block.u32() : 0;
  return address === undefined ? undefined : { address, size, mask };
}
