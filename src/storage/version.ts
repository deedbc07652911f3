import { createHash } from "node:crypto";

/** A short, URL-safe hash (64 bits, hexadecimal) of its parts, each set apart from the next. */
export function fingerprint(...parts: readonly (string | number | Uint8Array)[]): string {
  const hash = createHash("sha256");
  // Every call into the hash costs more than the few bytes of a part: neighbouring texts go together.
  let text = "";
  for (const part of parts) {
    text += `${part instanceof Uint8Array ? part.length : String(part).length}:`;
    if (part instanceof Uint8Array) {
      hash.update(text).update(part);
      text = "";
    } else text += part;
  }
  return hash.update(text).digest("hex").slice(0, 16);
}
