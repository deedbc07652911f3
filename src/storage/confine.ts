import { basename, dirname, sep } from "node:path";

/**
 * The folder that all files of a folder's models must lie in, links resolved: the folder itself,
 * except in Hugging Face's cache, where `models--x/snapshots/revision` holds links into
 * `models--x/blobs`: there it is `models--x`.
 */
export function homeOf(folder: string): string {
  const real = Deno.realPathSync(folder);
  return basename(dirname(real)) === "snapshots" ? dirname(dirname(real)) : real;
}

/** Whether a path that exists lies in a home, links resolved. */
export function liesIn(home: string, path: string): boolean {
  return Deno.realPathSync(path).startsWith(home.endsWith(sep) ? home : home + sep);
}
