import { detectSource } from "../formats/table.ts";
import type { Source } from "../storage/source.ts";
import { openPlace, type Reach } from "./place.ts";

/**
 * Reads the model at a path or URL whole and holds its tensors against the checksums that its files
 * state: how many bytes that were, 0 where they state none. Throws `FormatError` for the first that
 * differs, and what `openModel` throws.
 */
export async function verifyModel(path: string, reach: Reach = {}): Promise<number> {
  const { signal } = reach;
  const sources: Source[] = [];
  const keep = (source: Source) => {
    sources.push(source);
    return source;
  };
  let checked = 0;
  try {
    for await (const opened of openPlace(path, reach)) {
      const source = keep(opened.source);
      const kind = await detectSource(source, signal);
      const beside = async (path: string) => keep(await opened.beside(path));
      checked += await kind.verify?.(source, { beside, ...(signal ? { signal } : {}) }) ?? 0;
    }
  } finally {
    sources.forEach((source) => source.close());
  }
  return checked;
}
