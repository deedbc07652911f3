import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { OutOfSpace, Unreadable } from "../../errors.ts";

/** How files that are being written end, until they are given their names. */
export const PART = ".part";

/** Tells files that this thread is writing from those of others. */
const writer = crypto.randomUUID();
let written = 0;

/**
 * Writes a file so that it is there whole or not at all; folders on its way are made. Nothing is
 * forced to the disk: after a loss of power checksums tell what is whole. Throws `OutOfSpace`,
 * `Unreadable`.
 */
export const writeWhole = (path: string, bytes: Uint8Array): void => writePieces(path, [bytes]);

/**
 * Writes a file of pieces one after the other, each of which is done with once the next is asked for.
 * Where there are none, a file that is there is taken away.
 */
export function writePieces(path: string, pieces: Iterable<Uint8Array>): void {
  const part = `${path}.${writer}-${written++}${PART}`;
  attempt("written", path, () => {
    let fd: number | null = null;
    try {
      try {
        for (const bytes of pieces) {
          fd ??= create(part);
          for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
        }
      } finally {
        if (fd !== null) closeSync(fd);
      }
      if (fd === null) removeFile(path);
      else renameSync(part, path);
    } catch (error) {
      rmSync(part, { force: true });
      throw error;
    }
  });
}

function create(path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    makeFolder(dirname(path));
    return openSync(path, "wx", 0o600);
  }
}

/** Makes a folder, and those on its way, for their owner alone. */
export const makeFolder = (path: string): void =>
  void attempt("made", path, () => mkdirSync(path, { recursive: true, mode: 0o700 }));

/** Opens a file to read from it; null where there is none. */
export const openFile = (path: string): Deno.FsFile | null =>
  attempt("read", path, () => {
    try {
      return Deno.openSync(path);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
  });

/** Reads bytes from an offset on, from the end where it is negative; false where they are too few. */
export const readAt = (
  path: string,
  file: Deno.FsFile,
  offset: number,
  into: Uint8Array,
): boolean =>
  attempt("read", path, () => {
    const start = offset < 0 ? file.seekSync(0, Deno.SeekMode.End) + offset : offset;
    if (start < 0) return false;
    file.seekSync(start, Deno.SeekMode.Start);
    for (let done = 0; done < into.length;) {
      const got = file.readSync(into.subarray(done));
      if (got === null) return false;
      done += got;
    }
    return true;
  });

/** Takes a file away, if it is there. */
export function removeFile(path: string): void {
  // Asking first is far cheaper than failing to remove.
  if (existsSync(path)) attempt("removed", path, () => rmSync(path, { force: true }));
}

/** Does what may fail; the system's errors become `OutOfSpace` and `Unreadable`. */
export function attempt<T>(done: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = codeOf(error);
    if (code === "") throw error;
    if (code === "ENOSPC" || code === "EDQUOT") {
      throw new OutOfSpace(`the disk is full: ${path} was not ${done}`, { path }, error);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new Unreadable(`${path} of the store cannot be ${done}: ${reason}`, { path }, error);
  }
}

/** The system's name of an error; empty where it is no error of the system. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "";
