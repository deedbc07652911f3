import { MAX_RATIO } from "../storage/inflated.ts";
import type { Source } from "../storage/source.ts";
import { malformed, show } from "./malformed.ts";

// Layout: for each member a local header and its bytes; then the central directory, which names
// them all; then the end record, which says where that is. APPNOTE.TXT 6.3.10, section 4.3.
const LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50;
const LOCATOR64 = 0x07064b50, END64 = 0x06064b50;
const LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, LOCATOR64_SIZE = 20, END64_SIZE = 56;
const MAX_COMMENT = 0xffff;
const MAX_MEMBERS = 100_000;
const MAX_DIRECTORY = 1 << 26;
/** Bytes between headers that are read for the sake of one read. */
const MAX_BATCH = 1 << 16;
const ENCRYPTED = 1, UTF8 = 1 << 11;

/** A file in an archive, not yet inflated. */
export interface Member {
  readonly name: string;
  readonly deflated: boolean;
  /** First byte of its data in the archive. */
  readonly offset: number;
  /** Bytes in the archive. */
  readonly packed: number;
  /** Bytes once inflated, as declared. */
  readonly size: number;
  /** CRC-32 of the inflated bytes, as declared. */
  readonly checksum: number;
}

interface Entry extends Member {
  /** First byte of the local header. */
  readonly header: number;
  readonly rawName: Uint8Array;
}

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

/**
 * The members of a zip archive, stored or deflated, in the directory's order; folders left out.
 * Throws `FormatError` for one that is encrypted, split, packed otherwise, that names a file twice
 * or outside itself, or whose members overlap or claim more bytes than there are.
 *
 * Only the header in front of a member says where its data begins. Headers that lie close together
 * are read at once; those of an archive whose writer is known to align the data to multiples of
 * `alignment` bytes, as PyTorch's is, are not read where that rule explains every byte up to the
 * next member. Over HTTP each would be a request.
 */
export async function listZip(
  source: Source,
  signal?: AbortSignal,
  alignment = 0,
): Promise<readonly Member[]> {
  const directory = await findDirectory(source, signal);
  const bytes = await source.read(directory.offset, directory.size, signal);
  const entries = parseDirectory(source.name, bytes, directory.count);
  refuseDuplicates(source.name, entries);
  const offsets = await locate(source, entries, directory.offset, alignment, signal);
  const members = entries.map((entry) => ({ ...entry, offset: offsets.get(entry)! }));
  refuseOverlaps(source.name, members);
  return members.filter(({ name }) => !name.endsWith("/"));
}

async function findDirectory(source: Source, signal?: AbortSignal): Promise<Directory> {
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
  const wide = small.count === 0xffff || small.size === 0xffffffff || small.offset === 0xffffffff;
  const found = wide ? await findDirectory64(source, start + at, signal) : small;
  const end = found.offset + found.size;
  if (small.disks !== 0 && small.disks !== 0xffff) {
    throw malformed(source.name, "disk number", small.disks, "0: split archives are not read");
  }
  if (!(end <= start + at) || found.size > MAX_DIRECTORY) {
    const rule = `an end <= ${start + at} and at most ${MAX_DIRECTORY} bytes`;
    throw malformed(source.name, "directory", `${found.size} bytes at ${found.offset}`, rule);
  }
  const most = Math.min(MAX_MEMBERS, Math.floor(found.size / CENTRAL_SIZE));
  if (found.count > most) throw malformed(source.name, "member count", found.count, `<= ${most}`);
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
    const field = `directory entry ${i}`;
    if (at + CENTRAL_SIZE > bytes.length || view.getUint32(at, true) !== CENTRAL) {
      throw malformed(
        file,
        field,
        `at ${at} of ${bytes.length} bytes no entry`,
        `${count} entries`,
      );
    }
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + CENTRAL_SIZE + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > bytes.length) throw malformed(file, field, `ends at ${next}`, `<= ${bytes.length}`);
    const rawName = bytes.subarray(at + CENTRAL_SIZE, at + CENTRAL_SIZE + nameLength);
    const extra = bytes.subarray(at + CENTRAL_SIZE + nameLength).subarray(0, extraLength);
    entries.push(
      parseEntry(file, new DataView(bytes.buffer, bytes.byteOffset + at), rawName, extra),
    );
    at = next;
  }
  return entries;
}

function parseEntry(file: string, view: DataView, rawName: Uint8Array, extra: Uint8Array): Entry {
  const flags = view.getUint16(8, true);
  const method = view.getUint16(10, true);
  const name = decodeName(file, rawName, flags);
  const field = `member ${show(name)}`;
  if (flags & ENCRYPTED) throw malformed(file, field, "encrypted", "a plain one");
  if (method !== 0 && method !== 8) {
    throw malformed(file, `${field} method`, method, "0 (stored) or 8 (deflated)");
  }
  const wide = wideFields(extra);
  const read = (at: number): number => {
    const value = view.getUint32(at, true);
    return value === 0xffffffff ? wide.shift() ?? value : value;
  };
  const size = read(24);
  const packed = read(20);
  const header = read(42);
  if (method === 0 ? packed !== size : size > packed * MAX_RATIO) {
    const rule = method === 0
      ? `${packed}, as stored`
      : `<= ${packed * MAX_RATIO}, deflate's bound`;
    throw malformed(file, `${field} size`, size, rule);
  }
  const checksum = view.getUint32(16, true);
  return { name, deflated: method === 8, offset: 0, packed, size, checksum, header, rawName };
}

/** The 64-bit values of the extra field 1, for those 32-bit ones that are all ones. */
function wideFields(extra: Uint8Array): number[] {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) {
      const count = Math.min(length, extra.length - at - 4) >> 3;
      return Array.from(
        { length: count },
        (_, i) => Number(view.getBigUint64(at + 4 + 8 * i, true)),
      );
    }
    at += 4 + length;
  }
  return [];
}

function decodeName(file: string, raw: Uint8Array, flags: number): string {
  const name = new TextDecoder(flags & UTF8 ? "utf-8" : "latin1").decode(raw);
  if (name.startsWith("/") || name.includes("\0") || name.split(/[/\\]/).includes("..")) {
    throw malformed(file, "member name", show(name), "a path inside the archive");
  }
  return name;
}

/** Where the data of each entry begins. */
async function locate(
  source: Source,
  entries: readonly Entry[],
  directory: number,
  alignment: number,
  signal?: AbortSignal,
): Promise<ReadonlyMap<Entry, number>> {
  const placed = entries.toSorted((a, b) => a.header - b.header);
  const offsets = new Map<Entry, number>();
  const unknown: Entry[] = [];
  placed.forEach((entry, i) => {
    refuseOutside(source.name, entry, entry.header + LOCAL_SIZE + entry.rawName.length, directory);
    const next = placed[i + 1]?.header ?? directory;
    const offset = alignment > 0 ? aligned(entry, alignment) : NaN;
    if (explains(offset, entry, next)) offsets.set(entry, offset);
    else unknown.push(entry);
  });
  for (const near of batches(unknown)) {
    const start = near[0]!.header;
    const bytes = await source.read(start, headerEnd(near.at(-1)!) - start, signal);
    for (const entry of near) {
      const offset = dataOffset(source.name, entry, bytes.subarray(entry.header - start));
      refuseOutside(source.name, entry, offset, directory);
      offsets.set(entry, offset);
    }
  }
  return offsets;
}

/** Entries, sorted by place, in runs of which one read fetches all headers. */
function batches(entries: readonly Entry[]): Entry[][] {
  const runs: Entry[][] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    if (run && headerEnd(entry) - run[0]!.header <= MAX_BATCH) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

const headerEnd = ({ header, rawName }: Entry) => header + LOCAL_SIZE + rawName.length;

/** The rule of caffe2/serialize/inline_container.cc: an extra field pads the header. */
function aligned({ header, rawName, size }: Entry, alignment: number): number {
  const wide = size >= 0xffffffff || header >= 0xffffffff;
  const extra = 4 + (wide ? 4 + (size >= 0xffffffff ? 16 : 0) + (header >= 0xffffffff ? 8 : 0) : 0);
  return Math.ceil((header + LOCAL_SIZE + rawName.length + extra) / alignment) * alignment;
}

/** Whether data there ends where the next member begins, a descriptor (4.3.9) in between or not. */
function explains(offset: number, { packed }: Entry, next: number): boolean {
  const rest = next - offset - packed;
  return rest === 0 || rest === 16 || rest === 24;
}

function refuseOutside(file: string, entry: Entry, offset: number, directory: number): void {
  if (offset + entry.packed <= directory) return;
  const rule = `a local header and ${entry.packed} bytes before the directory at ${directory}`;
  throw malformed(file, `member ${show(entry.name)} place`, `data at ${offset}`, rule);
}

/** Where the data begins, as the local header at the start of `head` has it. */
function dataOffset(file: string, entry: Entry, head: Uint8Array): number {
  const { rawName } = entry;
  const view = viewOf(head);
  const same = view.getUint16(26, true) === rawName.length &&
    rawName.every((byte, i) => byte === head[LOCAL_SIZE + i]);
  if (view.getUint32(0, true) !== LOCAL || !same) {
    const rule = "the directory's name there";
    throw malformed(file, `member ${show(entry.name)}`, "another local header", rule);
  }
  return headerEnd(entry) + view.getUint16(28, true);
}

function refuseOverlaps(file: string, entries: readonly Entry[]): void {
  const placed = entries.toSorted((a, b) => a.header - b.header);
  placed.forEach((entry, i) => {
    const before = placed[i - 1];
    if (!before || before.offset + before.packed <= entry.header) return;
    const rule = `at or after ${before.offset + before.packed}, where ${show(before.name)} ends`;
    throw malformed(file, `member ${show(entry.name)} place`, entry.header, rule);
  });
}

function refuseDuplicates(file: string, entries: readonly Entry[]): void {
  const names = new Set<string>();
  for (const { name } of entries) {
    if (names.has(name)) throw malformed(file, `member ${show(name)}`, "given twice", "once");
    names.add(name);
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
