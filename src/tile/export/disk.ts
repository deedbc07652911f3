import { OutOfSpace, SynaptileError, Unreadable } from "../../errors.ts";

/** Whether something is there, be it a link to nothing. */
export function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

export const isDiskFull = (error: unknown): boolean => codeOf(error) === "ENOSPC";

/** The system's error as a sentence about `out`; any other as it is. */
export function explained(error: unknown, out: string): unknown {
  if (error instanceof SynaptileError || !(error instanceof Error)) return error;
  if (isDiskFull(error)) {
    const message = `the disk is full: ${out} is not finished; make room and run it again`;
    return new OutOfSpace(message, { path: out }, error);
  }
  if (codeOf(error) === undefined) return error;
  return new Unreadable(`${out} cannot be written: ${error.message}`, { path: out }, error);
}

/** "ENOENT" and the like; the code of a DOMException is a number. */
const codeOf = (error: unknown) =>
  error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
