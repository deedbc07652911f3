import type { Source } from "../storage/source.ts";
import { readDirectory } from "./zip/directory.ts";
import { locate } from "./zip/places.ts";

// Layout: for each member a local header and its bytes; then the central directory, which names
// them all; then the end record, which says where that is. APPNOTE.TXT 6.3.10, section 4.3.

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

/**
 * The members of a zip archive, stored or deflated, in the directory's order; folders left out.
 * `alignment` is that of the data, in bytes, where the archive's writer is known to align it: then
 * most members are found without a read for each.
 *
 * Throws `FormatError` for one that is encrypted, split, packed otherwise, that names a file twice
 * or outside itself, or whose members overlap or claim more bytes than there are.
 */
export async function listZip(
  source: Source,
  signal?: AbortSignal,
  alignment = 0,
): Promise<readonly Member[]> {
  const directory = await readDirectory(source, signal);
  const offsets = await locate(source, directory, alignment, signal);
  return directory.entries.filter(({ name }) => !name.endsWith("/")).map((entry) => {
    const { name, deflated, packed, size, checksum } = entry;
    return { name, deflated, offset: offsets.get(entry)!, packed, size, checksum };
  });
}
