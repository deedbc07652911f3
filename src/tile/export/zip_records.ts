// Records of a zip file (PKWARE APPNOTE 6.3): members are stored, names are UTF-8, and Zip64 is
// written only where a number needs it.

const VERSION = 20, VERSION_ZIP64 = 45;
const UTF8 = 1 << 11;
/** Dates do not matter, and would make two exports of one picture differ: 1 January 1980. */
const DATE = 0x0021;
/** Readable by all: the upper half holds Unix permissions. */
const PERMISSIONS = (0o100644 << 16) >>> 0;
const UNIX = 3 << 8;
const MOST = 2 ** 32 - 1, MOST_MEMBERS = 2 ** 16 - 1;

export interface Member {
  readonly name: string;
  /** In bytes, below 4 GiB. */
  readonly length: number;
  /** CRC-32. */
  readonly sum: number;
}

const encoder = new TextEncoder();

/** What stands before a member's bytes. */
export function localHeader({ name, length, sum }: Member): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(name);
  return record([
    ...[u32(0x04034b50), u16(VERSION), u16(UTF8), u16(0), u16(0), u16(DATE)],
    ...[u32(sum), u32(length), u32(length), u16(bytes.length), u16(0)],
  ], bytes);
}

/** Its length. */
export const localHeaderLength = (name: string): number => 30 + encoder.encode(name).length;

/** A member's line in the directory at the end. `offset` is that of its local header. */
export function directoryEntry({ name, length, sum }: Member, offset: number) {
  const bytes = encoder.encode(name);
  const extra = offset < MOST ? new Uint8Array() : record([u16(1), u16(8), u64(offset)]);
  const needed = extra.length > 0 ? VERSION_ZIP64 : VERSION;
  const tail = new Uint8Array(bytes.length + extra.length);
  tail.set(bytes);
  tail.set(extra, bytes.length);
  return record([
    ...[u32(0x02014b50), u16(UNIX | needed), u16(needed), u16(UTF8), u16(0), u16(0), u16(DATE)],
    ...[u32(sum), u32(length), u32(length), u16(bytes.length), u16(extra.length), u16(0), u16(0)],
    ...[u16(0), u32(PERMISSIONS), u32(Math.min(offset, MOST))],
  ], tail);
}

/** The end of the file, behind a directory of `size` bytes at `start`. */
export function endOfDirectory(members: number, start: number, size: number) {
  const large = members >= MOST_MEMBERS || start >= MOST || size >= MOST;
  const zip64 = large
    ? record([
      ...[u32(0x06064b50), u64(44), u16(UNIX | VERSION_ZIP64), u16(VERSION_ZIP64), u32(0), u32(0)],
      ...[u64(members), u64(members), u64(size), u64(start)],
      ...[u32(0x07064b50), u32(0), u64(start + size), u32(1)],
    ])
    : new Uint8Array();
  const count = Math.min(members, MOST_MEMBERS);
  const end = record([
    ...[u32(0x06054b50), u16(0), u16(0), u16(count), u16(count)],
    ...[u32(Math.min(size, MOST)), u32(Math.min(start, MOST)), u16(0)],
  ]);
  return [zip64, end];
}

interface Field {
  readonly bytes: 2 | 4 | 8;
  readonly value: number;
}

const u16 = (value: number): Field => ({ bytes: 2, value });
const u32 = (value: number): Field => ({ bytes: 4, value });
const u64 = (value: number): Field => ({ bytes: 8, value });

/** Fields one after the other, little-endian, and what follows them. */
function record(fields: readonly Field[], tail = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const size = fields.reduce((sum, { bytes }) => sum + bytes, 0);
  const out = new Uint8Array(size + tail.length);
  const view = new DataView(out.buffer);
  let at = 0;
  for (const { bytes, value } of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  out.set(tail, size);
  return out;
}
