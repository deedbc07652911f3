import { join } from "node:path";
import { PART } from "./files.ts";

// Names in the folder that holds stores, which may hold other things too: those are left alone.

/** Of a store's folder. */
export const storeName = (fingerprint: string): string => `synaptile-${fingerprint}`;
const store = /^synaptile-[0-9a-f]{16}$/;
/** Of one that is being taken away. */
export const condemnedName = (name: string): string => `${name}.${crypto.randomUUID()}.removed`;
const condemned = /^synaptile-[0-9a-f]{16}\.[0-9a-f-]{36}\.removed$/;

/** A store's file that those who have it open share a lock on; its time is that of the last use. */
export const USED = "used";

/** Files that are being written are left alone so long, in milliseconds. */
const GRACE = 60 * 60 * 1000;

/** Folders under `root`: stores, and what is left of those whose removal was cut short. */
export async function foldersUnder(root: string) {
  const found = { stores: [] as string[], condemned: [] as string[] };
  for await (const { name, isDirectory } of entries(root)) {
    if (!isDirectory) continue;
    if (store.test(name)) found.stores.push(name);
    if (condemned.test(name)) found.condemned.push(name);
  }
  return found;
}

/** Bytes that a folder's files take on disk; of those that `leave` says are going, none. */
export async function bytesIn(
  folder: string,
  leave?: (path: string, info: Deno.FileInfo) => Promise<boolean>,
  signal?: AbortSignal,
): Promise<number> {
  signal?.throwIfAborted();
  let bytes = 0;
  for await (const { name, isDirectory } of entries(folder)) {
    const path = join(folder, name);
    if (isDirectory) {
      bytes += await bytesIn(path, leave, signal);
      continue;
    }
    const info = await Deno.lstat(path).catch(orGone);
    if (!info || await leave?.(path, info)) continue;
    // Blocks of 512 bytes, where the system tells; some count them only later.
    bytes += Math.max(info.size, (info.blocks ?? 0) * 512);
  }
  return bytes;
}

/** Takes away a file that a process which died was writing; says whether it did. */
export async function sweepPart(path: string, { mtime }: Deno.FileInfo): Promise<boolean> {
  if (!path.endsWith(PART) || !mtime || Date.now() - mtime.getTime() <= GRACE) return false;
  await Deno.remove(path).catch(orGone);
  return true;
}

/** Another process may have been there first. */
export function orGone(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** What a folder holds; nothing where there is none. */
async function* entries(folder: string): AsyncGenerator<Deno.DirEntry> {
  try {
    yield* Deno.readDir(folder);
  } catch (error) {
    orGone(error);
  }
}
