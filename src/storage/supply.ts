import { Changed } from "../errors.ts";
import type { Fetch, Supply, Wanted } from "./prefetched.ts";
import { RemoteSource } from "./remote_source.ts";
import type { Source } from "./source.ts";
import { total } from "./span.ts";

/**
 * Fetches bytes of those sources that are remote, for threads that cannot wait; undefined where
 * none is. It throws what `RemoteSource.fetch` throws.
 */
export function supplier(sources: readonly Source[]): Fetch | undefined {
  const remote = sources.filter((source) => source instanceof RemoteSource);
  if (remote.length === 0) return undefined;
  const supply = async (wanted: Wanted, signal?: AbortSignal): Promise<Supply> => {
    const { url, version, spans } = wanted;
    const source = remote.find(({ ref }) => ref.url === url && ref.version === version);
    if (!source) throw new Changed(`${url} is not the version that was opened`, { url });
    const parts = await source.fetch(spans, signal);
    const bytes = new Uint8Array(new SharedArrayBuffer(total(spans)));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return { ...wanted, bytes };
  };
  return (wanted, signal) => Promise.all(wanted.map((each) => supply(each, signal)));
}
