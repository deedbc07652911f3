import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
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
export function writeWhole(path: string, bytes: Uint8Array): void {
  const part = `${path}.${writer}-${written++}${PART}`;
  attempt("written", path, () => {
    try {
      const fd = create(part);
      try {
        for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
      } finally {
        closeSync(fd);
      }
      renameSync(part, path);
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

/**
 * Reads a file's first bytes, as many as there is room for, and returns how many there were; null
 * where there is no such file.
 */
export function readInto(path: string, into: Uint8Array): number | null {
  return attempt("read", path, () => {
    let fd: number;
    try {
      fd = openSync(path, "r");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
    try {
      let done = 0;
      for (let got = 1; got > 0 && done < into.length; done += got) {
        got = readSync(fd, into, done, into.length - done, null);
      }
      return done;
    } finally {
      closeSync(fd);
    }
  });
}

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
