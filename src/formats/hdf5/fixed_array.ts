import type { Cursor } from "./cursor.ts";
import { type Entry, readEntry } from "./entry.ts";
import type { Reader } from "./reader.ts";

const MAX_ENTRIES = 1 << 20;
const MAX_PAGE_BITS = 20;

/** The entries of a fixed array by number; one that was never written is undefined. */
export async function fixedArray(
  reader: Reader,
  address: number,
  bytes: number,
): Promise<(Entry | undefined)[]> {
  const { offset, length } = reader.sizes;
  const what = `fixed array at ${address}`;
  const head = await reader.checked(address, 12 + length + offset, what);
  head.signature("FAHD");
  head.version(0);
  const filtered = head.u8() === 1;
  const width = head.u8();
  const pageBits = head.u8();
  const count = head.length("entries");
  if (count > MAX_ENTRIES || count * width > reader.size || pageBits > MAX_PAGE_BITS) {
    const found = `${count} of ${width} bytes, pages of 2^${pageBits}`;
    throw head.refuse("entries", found, `at most ${MAX_ENTRIES}, pages of at most 2^20`);
  }
  const entries = new Array<Entry | undefined>(count);
  const start = head.offset();
  const take = (block: Cursor, first: number, end: number) => {
    for (let i = first; i < end; i++) {
      entries[i] = readEntry(block.inner(width, `${what}, entry`), filtered, bytes);
    }
  };
  if (start === undefined) return entries;
  const page = 2 ** pageBits;
  const pages = count > page ? Math.ceil(count / page) : 0;
  const map = Math.ceil(pages / 8);
  const size = 10 + offset + map + (pages ? 0 : count * width);
  const block = await reader.checked(start, size, `${what}, data`);
  block.signature("FADB");
  block.version(0);
  block.skip(1 + offset);
  if (pages === 0) take(block, 0, count);
  const written = block.take(map);
  for (let i = 0; i < pages; i++) {
    // The first page is the highest bit.
    if (!(written[i >> 3]! & 0x80 >> (i & 7))) continue;
    const end = Math.min(count, (i + 1) * page);
    const at = start + size + i * (page * width + 4);
    take(
      await reader.checked(at, (end - i * page) * width + 4, `${what}, page ${i}`),
      i * page,
      end,
    );
  }
  return entries;
}
