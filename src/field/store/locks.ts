import { dirname } from "node:path";
import { attempt, codeOf, makeFolder } from "./files.ts";

/** What its holder alone has, until it is released or the process ends, however that comes. */
export interface Lock {
  release(): void;
}

/** An exclusive lock on a file, which is made; null where someone has one on it, shared or not. */
export function tryLock(path: string): Lock | null {
  return attempt("locked", path, () => {
    const file = openLock(path);
    if (locked(file, () => file.tryLockSync(true))) return { release: () => file.close() };
    file.close();
    return null;
  });
}

/** A shared lock on a file, which is made, once nobody has an exclusive one on it. */
export function share(path: string): Lock {
  return attempt("locked", path, () => {
    // The file may be taken away, by who has an exclusive lock, while this waits for it.
    for (;;) {
      const file = openLock(path);
      locked(file, () => file.lockSync(false));
      if (isAt(file, path)) return { release: () => file.close() };
      file.close();
    }
  });
}

function locked<T>(file: Deno.FsFile, lock: () => T): T {
  try {
    return lock();
  } catch (error) {
    file.close();
    throw error;
  }
}

function openLock(path: string): Deno.FsFile {
  const open = () => Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  try {
    return open();
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    makeFolder(dirname(path));
    return open();
  }
}

function isAt(file: Deno.FsFile, path: string): boolean {
  try {
    const [open, there] = [file.statSync(), Deno.statSync(path)];
    return open.ino === there.ino && open.dev === there.dev;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}
