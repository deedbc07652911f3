import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
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
export function foldersUnder(root: string) {
  const found = { stores: [] as string[], condemned: [] as string[] };
  for (const { name, isDirectory } of unlessGone(() => [...Deno.readDirSync(root)]) ?? []) {
    if (!isDirectory) continue;
    if (store.test(name)) found.stores.push(name);
    if (condemned.test(name)) found.condemned.push(name);
  }
  return found;
}

/** Folders looked into before others get their turn. */
const TURN = 64;

/** Bytes that a folder's files take on disk; of those that `leave` says are going, none. */
export async function bytesIn(
  folder: string,
  leave?: (path: string, info: Deno.FileInfo) => boolean,
  signal?: AbortSignal,
): Promise<number> {
  let bytes = 0, turn = TURN;
  // Without waiting for each file: that takes ten times as long as looking at it.
  const folders = [folder];
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    for (const { name, isDirectory } of unlessGone(() => [...Deno.readDirSync(at)]) ?? []) {
      const path = join(at, name);
      if (isDirectory) {
        folders.push(path);
        continue;
      }
      const info = unlessGone(() => Deno.lstatSync(path));
      if (!info || leave?.(path, info)) continue;
      // Blocks of 512 bytes, where the system tells; some count them only later.
      bytes += Math.max(info.size, (info.blocks ?? 0) * 512);
    }
    signal?.throwIfAborted();
    if (--turn > 0) continue;
    turn = TURN;
    await delay(0);
  }
  return bytes;
}

/** Takes away a file that a process which died was writing; says whether it did. */
export function sweepPart(path: string, { mtime }: Deno.FileInfo): boolean {
  if (!path.endsWith(PART) || !mtime || Date.now() - mtime.getTime() <= GRACE) return false;
  unlessGone(() => Deno.removeSync(path));
  return true;
}

/** Another process may have been there first. */
export function orGone(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

function unlessGone<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    return orGone(error);
  }
}
