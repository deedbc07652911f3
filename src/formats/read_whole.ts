import type { Source } from "../storage/source.ts";
import { malformed } from "./malformed.ts";

/** Bytes of a file that is read whole: an index, a manifest. */
const MAX_SIZE = 100_000_000;

/** All bytes of a file. Throws `FormatError` above 100 MB. */
export async function readWhole(
  source: Source,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { name, size } = source;
  if (size > MAX_SIZE) throw malformed(name, "file size", size, `at most ${MAX_SIZE} bytes`);
  return await source.read(0, size, signal);
}
