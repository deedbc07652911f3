import { join, resolve } from "node:path";
import { attempt } from "./files.ts";
import { bytesIn, condemnedName, foldersUnder, orGone, sweepPart, USED } from "./folders.ts";
import { tryLock } from "./locks.ts";

const DAY = 24 * 60 * 60 * 1000;

/** What may stay under a root. */
export interface Limits {
  /** Bytes of all stores. */
  readonly limit: number;
  /** Days since a store was used last. */
  readonly maxAgeDays?: number;
  /** Folders of stores that stay in any case. */
  readonly keep?: Iterable<string>;
  readonly signal?: AbortSignal;
}

/**
 * Removes the stores that were not used for longest, until those under `root` are within the limits:
 * never one that is open in a process. Also what processes that died left half written an hour ago
 * or longer. Answers how many stores went and the bytes of those that stay. Throws `Unreadable`.
 */
export async function collectStores(
  root: string,
  { limit, maxAgeDays = Infinity, keep = [], signal }: Limits,
): Promise<{ removed: number; bytes: number }> {
  root = resolve(root);
  const kept = new Set(Array.from(keep, (folder) => resolve(folder)));
  const { stores, condemned } = foldersUnder(root);
  for (const name of condemned) await remove(join(root, name));
  const found: { name: string; bytes: number; used: number }[] = [];
  for (const name of stores) {
    const folder = join(root, name);
    const bytes = await bytesIn(folder, sweepPart, signal);
    const info = await Deno.stat(join(folder, USED)).catch(orGone) ??
      await Deno.stat(folder).catch(orGone);
    found.push({ name, bytes, used: info?.mtime?.getTime() ?? Date.now() });
  }
  let bytes = found.reduce((sum, store) => sum + store.bytes, 0), removed = 0;
  const oldest = Date.now() - maxAgeDays * DAY;
  for (const store of found.sort((a, b) => a.used - b.used)) {
    if (bytes <= limit && store.used >= oldest) break;
    signal?.throwIfAborted();
    if (kept.has(join(root, store.name)) || !await removeStore(root, store.name)) continue;
    bytes -= store.bytes;
    removed++;
  }
  return { removed, bytes };
}

/** False where a process has it open. */
async function removeStore(root: string, name: string): Promise<boolean> {
  const folder = join(root, name), aside = join(root, condemnedName(name));
  const lock = tryLock(join(folder, USED));
  if (!lock) return false;
  try {
    // Under another name at once, so that who opens it meanwhile begins a new one.
    attempt("removed", folder, () => Deno.renameSync(folder, aside));
  } finally {
    lock.release();
  }
  await remove(aside);
  return true;
}

const remove = (folder: string) => Deno.remove(folder, { recursive: true }).catch(orGone);
