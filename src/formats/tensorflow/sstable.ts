import { Buffer } from "node:buffer";
import { crc32c, maskCrc } from "../../storage/crc32c.ts";
import { unsnappy } from "../../storage/snappy.ts";
import { malformed } from "../malformed.ts";

// LevelDB's sorted table (https://github.com/google/leveldb/blob/main/doc/table_format.md): data
// blocks, an index block whose values say where they lie, and a footer that says where that lies.
const FOOTER = 48;
const MAGIC = 0xdb4775248b80fb57n;
/** After each block: a byte for its compression, and the masked CRC-32C of both. */
const TRAILER = 5;
const kinds = { plain: 0, snappy: 1 } as const;
/** Bytes of keys written out in full for each byte of the file: they share at most their beginnings. */
const MAX_KEY_RATIO = 64;
const KEY_ALLOWANCE = 1 << 20;

/** A key, one character a byte, and its value. */
export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/**
 * The entries of a table in memory, in ascending order of their keys as bytes. Throws `FormatError`
 * for anything that is no such table, with blocks that fail their checksum, overlap or lie outside.
 */
export function* readTable(file: string, bytes: Uint8Array): Generator<Entry> {
  const end = bytes.length - FOOTER;
  if (end < 0) throw malformed(file, "file size", bytes.length, `at least ${FOOTER} bytes`);
  const footer = new DataView(bytes.buffer, bytes.byteOffset + end, FOOTER);
  const magic = footer.getBigUint64(FOOTER - 8, true);
  if (magic !== MAGIC) {
    throw malformed(file, "magic", `0x${magic.toString(16)}`, `0x${MAGIC.toString(16)}`);
  }
  const budget = { left: bytes.length * MAX_KEY_RATIO + KEY_ALLOWANCE };
  const handles = new Reader(file, "footer", bytes.subarray(end, bytes.length - 8));
  handles.handle(); // of blocks about the blocks, which TensorFlow does not write
  const index = block(file, "index block", bytes, handles.handle(), end);
  let [after, last] = [0, undefined as string | undefined];
  for (const { value } of entries(file, "index block", index, budget)) {
    const handle = new Reader(file, "index block", value).handle();
    const name = `block at byte ${handle.offset}`;
    if (handle.offset < after) throw malformed(file, name, "out of order", `${after} or later`);
    after = handle.offset + handle.size + TRAILER;
    for (const entry of entries(file, name, block(file, name, bytes, handle, end), budget)) {
      if (last !== undefined && entry.key <= last) {
        throw malformed(file, `${name}, key`, show(entry.key), `one after ${show(last)}`);
      }
      last = entry.key;
      yield entry;
    }
  }
}

const show = (key: string) => JSON.stringify(key.slice(0, 80));

/** A block's bytes, checked and decompressed. */
function block(
  file: string,
  name: string,
  bytes: Uint8Array,
  { offset, size }: Handle,
  end: number,
): Uint8Array {
  if (offset + size + TRAILER > end) {
    const found = `bytes ${offset} to ${offset + size + TRAILER}`;
    throw malformed(file, name, found, `inside the first ${end}`);
  }
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + offset + size, TRAILER);
  const kind = trailer.getUint8(0);
  const stated = trailer.getUint32(1, true);
  const sum = maskCrc(crc32c(bytes.subarray(offset, offset + size + 1)));
  if (stated !== sum) throw malformed(file, `${name}, masked CRC-32C`, stated, `${sum}`);
  const stored = bytes.subarray(offset, offset + size);
  if (kind === kinds.plain) return stored;
  if (kind === kinds.snappy) {
    return unsnappy(stored, (found, rule) => malformed(file, `${name}, snappy`, found, rule));
  }
  throw malformed(file, `${name}, compression`, kind, "0, none, or 1, snappy");
}

/** A block's entries; each key repeats the beginning of the one before. */
function* entries(
  file: string,
  name: string,
  block: Uint8Array,
  budget: { left: number },
): Generator<Entry> {
  const end = entriesEnd(file, name, block);
  const reader = new Reader(file, name, block.subarray(0, end));
  let key = "";
  while (reader.at < end) {
    const shared = reader.varint();
    const length = reader.varint();
    const size = reader.varint();
    if (shared > key.length) {
      throw malformed(file, `${name}, shared part of a key`, shared, `at most ${key.length}`);
    }
    key = key.slice(0, shared) + latin1(reader.take(length));
    budget.left -= key.length;
    if (budget.left < 0) throw malformed(file, `${name}, keys`, "far longer than the file", "less");
    yield { key, value: reader.take(size) };
  }
}

/** Where the entries end and the restarts begin: places of whole keys, which a whole pass needs not. */
function entriesEnd(file: string, name: string, block: Uint8Array): number {
  if (block.length < 4) throw malformed(file, `${name}, size`, block.length, "at least 4");
  const count = new DataView(block.buffer, block.byteOffset + block.length - 4).getUint32(0, true);
  const most = Math.floor(block.length / 4) - 1;
  if (count > most) throw malformed(file, `${name}, restarts`, count, `at most ${most}`);
  return block.length - 4 - 4 * count;
}

const latin1 = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

class Reader {
  at = 0;
  readonly #file: string;
  readonly #name: string;
  readonly #bytes: Uint8Array;

  constructor(file: string, name: string, bytes: Uint8Array) {
    this.#file = file;
    this.#name = name;
    this.#bytes = bytes;
  }

  handle(): Handle {
    return { offset: this.varint(), size: this.varint() };
  }

  take(length: number): Uint8Array {
    const room = this.#bytes.length - this.at;
    if (length > room) throw this.#malformed("length", `${length}`, `at most ${room}`);
    return this.#bytes.subarray(this.at, this.at += length);
  }

  /** An unsigned varint below 2^53. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) throw this.#malformed("varint", "cut off", "a whole one");
      value += (byte & 127) * scale;
      if (byte >= 128) continue;
      if (Number.isSafeInteger(value)) return value;
      break;
    }
    throw this.#malformed("varint", "beyond 2^53", "a smaller one");
  }

  #malformed(what: string, found: string, expected: string) {
    return malformed(this.#file, `${this.#name}, ${what}`, found, expected);
  }
}
