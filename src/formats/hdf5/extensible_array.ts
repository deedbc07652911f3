import type { Cursor } from "./cursor.ts";
import { type Entry, readEntry } from "./entry.ts";
import type { Reader } from "./reader.ts";

const MAX_ENTRIES = 1 << 20;

/** How an array is laid out: an index block, data blocks that grow, super blocks of data blocks. */
interface Shape {
  readonly reader: Reader;
  readonly what: string;
  readonly filtered: boolean;
  /** Bytes of an entry, and of a chunk through no filter. */
  readonly width: number;
  readonly bytes: number;
  /** Bytes of a place in the array. */
  readonly placeBytes: number;
  /** Entries of a page; data blocks with more are cut into such. */
  readonly page: number;
  /** Entries that were written: there is nothing beyond. */
  readonly count: number;
}

/** The entries of an extensible array by number; one that was never written is undefined. */
export async function extensibleArray(
  reader: Reader,
  address: number,
  bytes: number,
): Promise<(Entry | undefined)[]> {
  const { offset, length } = reader.sizes;
  const what = `extensible array at ${address}`;
  const head = await reader.checked(address, 16 + 6 * length + offset, what);
  head.signature("EAHD");
  head.version(0);
  const filtered = head.u8() === 1;
  const width = head.u8();
  const bits = head.u8();
  const direct = head.u8();
  const smallest = head.u8();
  const pointers = head.u8();
  const pageBits = head.u8();
  head.skip(4 * length);
  const count = head.length("entries");
  head.skip(length);
  const isPower = (value: number) => value > 0 && (value & value - 1) === 0;
  if (!isPower(smallest) || !isPower(pointers) || bits > 64 || pageBits > 20) {
    const found = `${smallest} and ${pointers}, ${bits} and ${pageBits} bits`;
    throw head.refuse("shape", found, "two powers of two, at most 64 and 20 bits");
  }
  if (count > MAX_ENTRIES || count * width > reader.size) {
    throw head.refuse("entries", `${count} of ${width} bytes`, `at most ${MAX_ENTRIES}`);
  }
  const placeBytes = Math.ceil(bits / 8);
  const shape = { reader, what, filtered, width, bytes, placeBytes, page: 2 ** pageBits, count };
  const start = head.offset();
  const entries: (Entry | undefined)[] = [];
  if (start === undefined || count === 0) return entries;

  const groups = 1 + bits - Math.log2(smallest);
  const inIndex = Math.min(2 * Math.log2(pointers), groups);
  const blocks = Array.from({ length: inIndex }, (_, group) => blocksOf(group, smallest));
  const inGroups = blocks.reduce((sum, { blocks }) => sum + blocks, 0);
  const addresses = inGroups + Math.max(0, groups - inIndex);
  const size = 10 + offset + direct * width + addresses * offset;
  const index = await reader.checked(start, size, `${what}, index`);
  index.signature("EAIB");
  index.version(0);
  index.skip(1 + offset);
  take(shape, index, Math.min(direct, count), entries);
  if (count <= direct) return entries;
  index.skip(Math.max(0, 10 + offset - 4 + direct * width - index.at));
  for (const { blocks: each, entries: held } of blocks) {
    for (let i = 0; i < each && entries.length < count; i++) {
      await dataBlock(shape, index.offset(), held, undefined, entries);
    }
  }
  for (let group = inIndex; group < groups && entries.length < count; group++) {
    await superBlock(shape, index.offset(), blocksOf(group, smallest), entries);
  }
  return entries;
}

/** Data blocks of a group of them, and entries of each: both double in turn. */
const blocksOf = (group: number, smallest: number) => ({
  blocks: 2 ** Math.floor(group / 2),
  entries: smallest * 2 ** Math.ceil(group / 2),
});

function take(shape: Shape, block: Cursor, count: number, into: (Entry | undefined)[]): void {
  const { width, filtered, bytes, what } = shape;
  for (let i = 0; i < count && into.length < shape.count; i++) {
    into.push(readEntry(block.inner(width, `${what}, entry`), filtered, bytes));
  }
}

const skip = (shape: Shape, count: number, into: (Entry | undefined)[]) => {
  into.length = Math.min(shape.count, into.length + count);
};

async function superBlock(
  shape: Shape,
  address: number | undefined,
  { blocks, entries }: { blocks: number; entries: number },
  into: (Entry | undefined)[],
): Promise<void> {
  if (address === undefined) return skip(shape, blocks * entries, into);
  const { reader, what, placeBytes, page } = shape;
  const { offset } = reader.sizes;
  const map = entries > page ? Math.ceil(entries / page / 8) : 0;
  const size = 10 + offset + placeBytes + blocks * (map + offset);
  const block = await reader.checked(address, size, `${what}, super block at ${address}`);
  block.signature("EASB");
  block.version(0);
  block.skip(1 + offset + placeBytes);
  const maps = Array.from({ length: blocks }, () => block.take(map));
  for (const written of maps) {
    if (into.length >= shape.count) return;
    await dataBlock(shape, block.offset(), entries, written, into);
  }
}

/** `written` has a bit for each page, the first the highest. */
async function dataBlock(
  shape: Shape,
  address: number | undefined,
  count: number,
  written: Uint8Array | undefined,
  into: (Entry | undefined)[],
): Promise<void> {
  if (address === undefined) return skip(shape, count, into);
  const { reader, what, placeBytes, page, width } = shape;
  const pages = count > page ? count / page : 0;
  const size = 10 + reader.sizes.offset + placeBytes + (pages ? 0 : count * width);
  const name = `${what}, data block at ${address}`;
  const block = await reader.checked(address, size, name);
  block.signature("EADB");
  block.version(0);
  block.skip(1 + reader.sizes.offset + placeBytes);
  if (pages === 0) return take(shape, block, count, into);
  for (let i = 0; i < pages && into.length < shape.count; i++) {
    if (!written || !(written[i >> 3]! & 0x80 >> (i & 7))) {
      skip(shape, page, into);
      continue;
    }
    const at = address + size + i * (page * width + 4);
    take(shape, await reader.checked(at, page * width + 4, `${name}, page ${i}`), page, into);
  }
}
