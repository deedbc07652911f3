import { InflatedSource } from "../storage/inflated.ts";
import type { Source, SourceRef } from "../storage/source.ts";
import { readDirectory } from "./zip/directory.ts";
import { type Habits, locate } from "./zip/places.ts";

// Layout: for each member a local header and its bytes; then the central directory, which names
// them all; then the end record, which says where that is. APPNOTE.TXT 6.3.10, section 4.3.

/** With which a local header begins. */
const SIGNATURE = [0x50, 0x4b, 0x03, 0x04];

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
  /** The first bytes of its data, where they came with its header. */
  readonly head?: Uint8Array;
}

/**
 * The members of a zip archive, stored or deflated, in the directory's order; folders left out.
 *
 * Throws `FormatError` for one that is encrypted, split, packed otherwise, that names a file twice
 * or outside itself, or whose members overlap or claim more bytes than there are.
 */
export async function listZip(
  source: Source,
  signal?: AbortSignal,
  habits: Habits = {},
): Promise<readonly Member[]> {
  const directory = await readDirectory(source, signal);
  const places = await locate(source, directory, habits, signal);
  return directory.entries.filter(({ name }) => !name.endsWith("/")).map((entry) => {
    const { name, deflated, packed, size, checksum } = entry;
    return { name, deflated, packed, size, checksum, ...places.get(entry)! };
  });
}

/** The name of the member that comes first, by a file's first bytes; empty for no archive. */
export function firstMember(head: Uint8Array): string {
  const isArchive = head.length > 30 && SIGNATURE.every((byte, i) => head[i] === byte);
  const length = head[26]! | head[27]! << 8;
  return isArchive ? String.fromCharCode(...head.subarray(30, 30 + Math.min(length, 512))) : "";
}

/** Where the bytes of a member lie: `size` of them, in the archive or inflated out of it. */
export function placeOf(
  archive: Source,
  member: Member,
): { readonly source: SourceRef; readonly offset: number } {
  return member.deflated
    ? { source: inflated(archive, member).ref, offset: 0 }
    : { source: archive.ref, offset: member.offset };
}

/** All bytes of a member, whose size the caller has bounded. Throws `FormatError`. */
export async function readMember(
  archive: Source,
  member: Member,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return member.deflated
    ? await inflated(archive, member).read(0, member.size, signal)
    : await archive.read(member.offset, member.size, signal);
}

/** A deflated member as a source, which is inflated whole at the first read. */
export const inflated = (
  archive: Source,
  { offset, packed: length, size, checksum }: Member,
): InflatedSource => new InflatedSource(archive, { offset, length, size, checksum });
