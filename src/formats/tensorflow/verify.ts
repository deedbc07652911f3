import { crc32c, maskCrc } from "../../storage/crc32c.ts";
import { malformed, show } from "../malformed.ts";
import type { Bundle } from "./bundle.ts";
import { elementType } from "./dtypes.ts";
import type { Shards } from "./variables.ts";

const PIECE = 8 << 20;
/** Types whose checksum is of something else than the bytes that lie in the file. */
const encoded = new Set(["STRING", "VARIANT", "RESOURCE"]);

/**
 * Reads all tensors of a checkpoint but texts, and holds them against their checksums; how many
 * bytes that were. Throws `FormatError` for the first that differs.
 */
export async function verifyVariables(
  { entries }: Bundle,
  shards: Shards,
  signal?: AbortSignal,
): Promise<number> {
  let checked = 0;
  for (const entry of entries.values()) {
    if (entry.slices.length > 0 || encoded.has(elementType(entry.type).name)) continue;
    const { source, offset, size } = await shards.locate(entry);
    let sum = 0;
    for (let at = 0; at < size; at += PIECE) {
      sum = crc32c(await source.read(offset + at, Math.min(PIECE, size - at), signal), sum);
    }
    if (maskCrc(sum) !== entry.checksum) {
      const field = `masked CRC-32C of ${show(entry.name)}`;
      throw malformed(source.name, field, maskCrc(sum), `${entry.checksum}, as the index states`);
    }
    checked += size;
  }
  return checked;
}
