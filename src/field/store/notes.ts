import { crc32c } from "../../storage/crc32c.ts";
import { attempt, codeOf, writeWhole } from "./files.ts";

// A note is a file that says its own checksum, so that what is torn or edited counts as not there: a
// line "crc32c 0a1b2c3d", then the bytes.
const HEAD = 16;

/** Writes a note, whole or not at all. Throws `OutOfSpace`, `Unreadable`. */
export function writeNote(path: string, bytes: Uint8Array): void {
  const note = new Uint8Array(HEAD + bytes.length);
  note.set(headOf(bytes));
  note.set(bytes, HEAD);
  writeWhole(path, note);
}

/** What a note says; null where there is none or its checksum is wrong. Throws `Unreadable`. */
export function readNote(path: string): Uint8Array<ArrayBuffer> | null {
  const note = attempt("read", path, () => {
    try {
      return Deno.readFileSync(path);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
  });
  if (!note || note.length < HEAD) return null;
  const bytes = note.subarray(HEAD);
  return headOf(bytes).every((byte, i) => byte === note[i]) ? bytes : null;
}

const headOf = (bytes: Uint8Array) =>
  new TextEncoder().encode(`crc32c ${crc32c(bytes).toString(16).padStart(8, "0")}\n`);
