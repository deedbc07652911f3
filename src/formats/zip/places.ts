import type { Source } from "../../storage/source.ts";
import { malformed, show } from "../malformed.ts";
import type { Directory, Entry } from "./directory.ts";

const LOCAL = 0x04034b50;
const LOCAL_SIZE = 30;
/** Bytes between headers that are read for the sake of one read. */
const MAX_BATCH = 1 << 16;
/** Enough for the extra fields that most writers put behind a name. */
const USUAL_EXTRA = 64;

/** What is known of an archive's writer and reader. */
export interface Habits {
  /** To how many bytes the writer aligns data: then most members are found without a read for each. */
  readonly alignment?: number;
  /** How many bytes of each member's data the reader is going to ask for. */
  readonly ahead?: number;
}

/** Where an entry's data begins. */
interface Place {
  readonly offset: number;
  /** Its first bytes, where they came with the header. */
  readonly head?: Uint8Array;
}

/**
 * Where each entry's data is. Only the local header in front of it says that, as it has an extra
 * field of its own. Headers that lie close together are read at once; those of an archive whose
 * writer aligns data are not read where that rule explains every byte up to the next member. Throws
 * `FormatError` for a header that is another's.
 */
export async function locate(
  source: Source,
  { entries, offset: end }: Directory,
  { alignment = 0, ahead = 0 }: Habits,
  signal?: AbortSignal,
): Promise<ReadonlyMap<Entry, Place>> {
  const placed = entries.toSorted((a, b) => a.header - b.header);
  const places = new Map<Entry, Place>();
  const unknown: Entry[] = [];
  placed.forEach((entry, i) => {
    refuseOutside(source.name, entry, headerEnd(entry), end);
    const offset = alignment > 0 ? aligned(entry, alignment) : NaN;
    if (explains(offset, entry, placed[i + 1]?.header ?? end)) places.set(entry, { offset });
    else unknown.push(entry);
  });
  for (const near of batches(unknown)) {
    const start = near[0]!.header;
    const more = ahead > 0 ? USUAL_EXTRA + ahead : 0;
    const stop = Math.min(headerEnd(near.at(-1)!) + more, end);
    const bytes = await source.read(start, stop - start, signal);
    for (const entry of near) {
      const offset = dataOffset(source.name, entry, bytes.subarray(entry.header - start));
      refuseOutside(source.name, entry, offset, end);
      const length = Math.min(ahead, entry.packed);
      const isRead = length > 0 && offset + length <= stop;
      const head = isRead ? bytes.subarray(offset - start, offset - start + length) : undefined;
      places.set(entry, { offset, ...(head ? { head } : {}) });
    }
  }
  refuseOverlaps(source.name, placed, places);
  return places;
}

/** First byte after the header's name, where its extra field begins. */
const headerEnd = ({ header, rawName }: Entry) => header + LOCAL_SIZE + rawName.length;

/**
 * Where PyTorch's writer puts the data: a field of at least four bytes pads the header, after one
 * of 64-bit sizes where it takes that (pytorch, caffe2/serialize/inline_container.cc, getPadding).
 */
function aligned(entry: Entry, alignment: number): number {
  const [long, far] = [entry.size >= 0xffffffff, entry.header >= 0xffffffff];
  const wide = long || far ? 4 + (long ? 16 : 0) + (far ? 8 : 0) : 0;
  return Math.ceil((headerEnd(entry) + 4 + wide) / alignment) * alignment;
}

/** Whether data there ends where the next member begins, a descriptor (4.3.9) in between or not. */
function explains(offset: number, { packed }: Entry, next: number): boolean {
  const rest = next - offset - packed;
  return rest === 0 || rest === 16 || rest === 24;
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

/** Where the data begins, as the local header at the start of `head` has it. */
function dataOffset(file: string, entry: Entry, head: Uint8Array): number {
  const { rawName } = entry;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const same = view.getUint16(26, true) === rawName.length &&
    rawName.every((byte, i) => byte === head[LOCAL_SIZE + i]);
  if (view.getUint32(0, true) !== LOCAL || !same) {
    const rule = "the directory's name there";
    throw malformed(file, `member ${show(entry.name)}`, "another local header", rule);
  }
  return headerEnd(entry) + view.getUint16(28, true);
}

function refuseOutside(file: string, entry: Entry, offset: number, end: number): void {
  if (offset + entry.packed <= end) return;
  const rule = `a local header and ${entry.packed} bytes before the directory at ${end}`;
  throw malformed(file, `member ${show(entry.name)} place`, `data at ${offset}`, rule);
}

function refuseOverlaps(
  file: string,
  placed: readonly Entry[],
  places: ReadonlyMap<Entry, Place>,
): void {
  placed.forEach((entry, i) => {
    const before = placed[i - 1];
    const end = before ? places.get(before)!.offset + before.packed : 0;
    if (end <= entry.header) return;
    const rule = `at or after ${end}, where ${show(before!.name)} ends`;
    throw malformed(file, `member ${show(entry.name)} place`, entry.header, rule);
  });
}
