import { malformed } from "../malformed.ts";
import { Cursor } from "./cursor.ts";
import type { Reader } from "./reader.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** The signature stands at 0, 512, 1024, 2048, …: before it a file may have a block of its own. */
const FIRST = 512;
const MAX_SUPERBLOCK = 256;

/** Whether bytes from the start of a file hold the signature where it may stand. */
export function hasSignature(head: Uint8Array): boolean {
  for (let at = 0; at + 8 <= head.length; at = at === 0 ? FIRST : at * 2) {
    if (isSignature(head.subarray(at, at + 8))) return true;
  }
  return false;
}

const isSignature = (bytes: Uint8Array) => SIGNATURE.every((byte, i) => bytes[i] === byte);

/**
 * Finds the superblock, tells the reader what it says of addresses, and answers with the address
 * of the root group's header.
 */
export async function openSuperblock(reader: Reader): Promise<number> {
  const block = await find(reader);
  const version = block.version(0, 1, 2, 3);
  return version < 2 ? early(reader, block, version) : late(reader, block);
}

async function find(reader: Reader): Promise<Cursor> {
  for (let at = 0; at + 8 <= reader.size; at = at === 0 ? FIRST : at * 2) {
    const block = await reader.atMost(at, MAX_SUPERBLOCK, "superblock");
    if (!isSignature(block.take(8))) continue;
    // Addresses count from here, whatever the stated base address: the library has it so, too.
    reader.base += at;
    return block;
  }
  const place = `no signature at 0, ${FIRST}, ${2 * FIRST}, …`;
  throw malformed(reader.file, "signature", place, "an HDF5 file");
}

function early(reader: Reader, block: Cursor, version: number): number {
  block.skip(4); // versions of parts that never changed
  const offset = block.u8();
  const length = block.u8();
  const sized = setSizes(reader, block, offset, length);
  sized.skip(1 + 2 + 2 + 4); // reserved, K of group leaves and nodes, flags
  if (version === 1) sized.skip(4);
  const base = sized.offset();
  sized.skip(offset); // free space
  checkEnd(reader, sized, base);
  sized.skip(2 * offset); // driver, name of the root group
  return root(sized);
}

function late(reader: Reader, block: Cursor): number {
  const offset = block.u8();
  const length = block.u8();
  const sized = setSizes(reader, block, offset, length);
  sized.skip(1); // flags
  const base = sized.offset();
  sized.skip(offset); // extension
  checkEnd(reader, sized, base);
  const address = root(sized);
  reader.verify(
    new Cursor(reader.file, "superblock", block.bytes.subarray(0, sized.at + 4), 0, sized.sizes),
  );
  return address;
}

/** The same place in the block, with the sizes it has just stated. */
function setSizes(reader: Reader, block: Cursor, offset: number, length: number): Cursor {
  for (const size of [offset, length]) {
    if (![2, 4, 8].includes(size)) {
      throw block.refuse("size of offsets or lengths", size, "2, 4 or 8 bytes");
    }
  }
  reader.sizes = { offset, length };
  const sized = new Cursor(reader.file, "superblock", block.bytes, block.start, reader.sizes);
  sized.at = block.at;
  return sized;
}

/** Other addresses count from the base, that of the end from 0. */
function checkEnd(reader: Reader, block: Cursor, base = 0): void {
  const end = block.offset();
  if (end !== undefined && end - base <= reader.size) return;
  const rule = `at most ${base + reader.size}, as the file has`;
  throw block.refuse("end of file", end ?? "undefined", rule);
}

function root(block: Cursor): number {
  const address = block.offset();
  if (address !== undefined) return address;
  throw block.refuse("root group", "undefined", "the address of its header");
}
