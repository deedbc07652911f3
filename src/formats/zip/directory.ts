import { DEFLATE_RATIO } from "../../storage/codecs/zlib.ts";
import type { Source } from "../../storage/source.ts";
import { malformed, show } from "../malformed.ts";

const CENTRAL = 0x02014b50, END = 0x06054b50, LOCATOR64 = 0x07064b50, END64 = 0x06064b50;
const CENTRAL_SIZE = 46, END_SIZE = 22, LOCATOR64_SIZE = 20, END64_SIZE = 56;
const MAX_COMMENT = 0xffff;
const MAX_MEMBERS = 100_000;
const MAX_DIRECTORY = 1 << 26;
const ENCRYPTED = 1, UTF8 = 1 << 11;
/** A 32-bit field whose value is in the extra field. */
const ELSEWHERE = 0xffffffff;

/** What the directory says of a member. */
export interface Entry {
  readonly name: string;
  /** The name as it is in the file. */
  readonly rawName: Uint8Array;
  readonly deflated: boolean;
  /** First byte of the local header. */
  readonly header: number;
  /** Bytes in the archive. */
  readonly packed: number;
  /** Bytes once inflated, as declared. */
  readonly size: number;
  /** CRC-32 of the inflated bytes, as declared. */
  readonly checksum: number;
}

/** The central directory of an archive: every entry by itself well formed, no name given twice. */
export interface Directory {
  /** Its first byte, where the members end. */
  readonly offset: number;
  readonly entries: readonly Entry[];
}

/** Finds and reads the directory. Throws `FormatError`. */
export async function readDirectory(source: Source, signal?: AbortSignal): Promise<Directory> {
  const { offset, size, count } = await findDirectory(source, signal);
  const bytes = await source.read(offset, size, signal);
  const entries = parseDirectory(source.name, bytes, count);
  refuseDuplicates(source.name, entries);
  return { offset, entries };
}

async function findDirectory(source: Source, signal?: AbortSignal) {
  const length = Math.min(source.size, END_SIZE + MAX_COMMENT);
  const start = source.size - length;
  const tail = await source.read(start, length, signal);
  const view = viewOf(tail);
  let at = length - END_SIZE;
  const ends = () =>
    view.getUint32(at, true) === END && at + END_SIZE + view.getUint16(at + 20, true) === length;
  while (at >= 0 && !ends()) at--;
  if (at < 0) {
    throw malformed(source.name, "end of the archive", "no end record", "one that ends the file");
  }
  const small = {
    disks: view.getUint16(at + 4, true) | view.getUint16(at + 6, true),
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  const wide = small.count === 0xffff || small.size === ELSEWHERE || small.offset === ELSEWHERE;
  const found = wide ? await findDirectory64(source, start + at, signal) : small;
  const end = found.offset + found.size;
  if (small.disks !== 0 && small.disks !== 0xffff) {
    throw malformed(source.name, "disk number", small.disks, "0: split archives are not read");
  }
  if (!(end <= start + at) || found.size > MAX_DIRECTORY) {
    const rule = `an end at or before ${start + at} and at most ${MAX_DIRECTORY} bytes`;
    throw malformed(source.name, "directory", `${found.size} bytes at ${found.offset}`, rule);
  }
  const most = Math.min(MAX_MEMBERS, Math.floor(found.size / CENTRAL_SIZE));
  if (found.count > most) {
    throw malformed(source.name, "member count", found.count, `at most ${most}`);
  }
  return found;
}

async function findDirectory64(source: Source, end: number, signal?: AbortSignal) {
  const none = (field: string, found: string | number) =>
    malformed(source.name, field, found, "a zip64 one");
  if (end < LOCATOR64_SIZE) throw none("end locator", "missing");
  const locator = viewOf(await source.read(end - LOCATOR64_SIZE, LOCATOR64_SIZE, signal));
  const at = Number(locator.getBigUint64(8, true));
  if (locator.getUint32(0, true) !== LOCATOR64 || at + END64_SIZE > end) {
    throw none("end locator", `${locator.getUint32(0, true)}, to ${at}`);
  }
  const record = viewOf(await source.read(at, END64_SIZE, signal));
  if (record.getUint32(0, true) !== END64) throw none("end record", record.getUint32(0, true));
  return {
    count: Number(record.getBigUint64(32, true)),
    size: Number(record.getBigUint64(40, true)),
    offset: Number(record.getBigUint64(48, true)),
  };
}

function parseDirectory(file: string, bytes: Uint8Array, count: number): Entry[] {
  const view = viewOf(bytes);
  const entries: Entry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const refuse = (found: string, expected: string) =>
      malformed(file, `directory entry ${i}`, found, expected);
    if (at + CENTRAL_SIZE > bytes.length || view.getUint32(at, true) !== CENTRAL) {
      throw refuse(`at ${at} of ${bytes.length} bytes no entry`, `${count} entries`);
    }
    const extra = at + CENTRAL_SIZE + view.getUint16(at + 28, true);
    const comment = extra + view.getUint16(at + 30, true);
    const next = comment + view.getUint16(at + 32, true);
    if (next > bytes.length) throw refuse(`ends at ${next}`, `at most ${bytes.length}`);
    entries.push(parseEntry(file, view, at, bytes.subarray(at + CENTRAL_SIZE, extra), comment));
    at = next;
  }
  return entries;
}

/** The entry at `at`, whose extra field lies behind its name and ends at `end`. */
function parseEntry(
  file: string,
  view: DataView,
  at: number,
  rawName: Uint8Array,
  end: number,
): Entry {
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const name = decodeName(file, rawName, flags);
  const refuse = (field: string, found: string | number, expected: string) =>
    malformed(file, `member ${show(name)}${field}`, found, expected);
  if (flags & ENCRYPTED) throw refuse("", "encrypted", "a plain one");
  if (method !== 0 && method !== 8) {
    throw refuse(" method", method, "0 (stored) or 8 (deflated)");
  }
  const small = [at + 24, at + 20, at + 42].map((field) => view.getUint32(field, true));
  const wide = small.includes(ELSEWHERE)
    ? wideFields(view, at + CENTRAL_SIZE + rawName.length, end)
    : [];
  const [size, packed, header] = small
    .map((value) => value === ELSEWHERE ? wide.shift() ?? value : value) as [
      number,
      number,
      number,
    ];
  if (method === 0 ? packed !== size : size > packed * DEFLATE_RATIO) {
    const most = `at most ${packed * DEFLATE_RATIO}, deflate's bound`;
    throw refuse(" size", size, method === 0 ? `${packed}, as stored` : most);
  }
  const checksum = view.getUint32(at + 16, true);
  return { name, rawName, deflated: method === 8, header, packed, size, checksum };
}

/** The 64-bit values of the extra field 1, for those 32-bit ones that are elsewhere. */
function wideFields(view: DataView, start: number, end: number): number[] {
  for (let at = start; at + 4 <= end;) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) {
      const count = Math.min(length, end - at - 4) >> 3;
      return Array.from(
        { length: count },
        (_, i) => Number(view.getBigUint64(at + 4 + 8 * i, true)),
      );
    }
    at += 4 + length;
  }
  return [];
}

const utf8 = new TextDecoder();
const latin1 = new TextDecoder("latin1");

function decodeName(file: string, raw: Uint8Array, flags: number): string {
  const name = (flags & UTF8 ? utf8 : latin1).decode(raw);
  if (/^\/|\0|(^|[/\\])\.\.([/\\]|$)/.test(name)) {
    throw malformed(file, "member name", show(name), "a path inside the archive");
  }
  return name;
}

function refuseDuplicates(file: string, entries: readonly Entry[]): void {
  const names = new Set<string>();
  for (const { name } of entries) {
    if (names.has(name)) throw malformed(file, `member ${show(name)}`, "given twice", "once");
    names.add(name);
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
