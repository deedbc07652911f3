import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { FormatError, Unreadable } from "../errors.ts";
import { homeOf, liesIn } from "./confine.ts";
import { FileSource } from "./file.ts";

/**
 * Opens a file by a path that another file gives, relative to it. Throws `FormatError` for one that
 * is not there, cannot be read or lies outside the folder, links resolved.
 */
export function openBeside(file: string, path: string): FileSource {
  const folder = dirname(file);
  const whole = join(folder, path);
  const inside = relative(folder, whole);
  if (isAbsolute(path) || inside.startsWith("..") || inside === "" || path.includes("\0")) {
    throw wrongFile(file, path, "a file in its folder");
  }
  const source = open(file, path, whole);
  if (liesIn(homeOf(folder), whole)) return source;
  source.close();
  throw wrongFile(file, path, "a file in its folder, but it is a link out of it");
}

/** Whether `openBeside` would open that file. */
export function isBeside(file: string, path: string): boolean {
  if (!existsSync(join(dirname(file), path))) return false;
  try {
    openBeside(file, path).close();
    return true;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

function open(file: string, path: string, whole: string): FileSource {
  try {
    return new FileSource(whole);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw wrongFile(file, path, "a file that can be read", error);
  }
}

/** The error for a path, named by a file, that is missing or leads out of that file's folder. */
export function wrongFile(
  file: string,
  path: string,
  expected: string,
  cause?: unknown,
): FormatError {
  return new FormatError(
    `${file} names the file ${JSON.stringify(path.slice(0, 80))}, expected ${expected}`,
    { file, found: path, expected },
    cause,
  );
}

/** The error for a file that has nothing beside it, such as an upload's bytes. */
export const standsAlone = (file: string, path: string): Unreadable =>
  new Unreadable(`${file} names the file ${JSON.stringify(path)}, but stands alone`, { file });
