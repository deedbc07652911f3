import { createHash } from "node:crypto";

/** A short, URL-safe hash (64 bits, hexadecimal) of its parts, each set apart from the next. */
export function fingerprint(...parts: readonly (string | number | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = part instanceof Uint8Array ? part : new TextEncoder().encode(String(part));
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest("hex").slice(0, 16);
}
