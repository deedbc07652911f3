import { fingerprint } from "../storage/version.ts";

/** Part of every tag: change it when the same address draws another picture. */
export const SOFTWARE = "synaptile 0.1.0, captured slopes";

/** Strong entity tag, with its quotes, of an answer's content. */
export const tagOf = (content: string | Uint8Array): string => `"${fingerprint(content)}"`;

/**
 * Whether an `If-None-Match` header (a tag, a list of them, or `*`) covers `etag`. Compared weakly,
 * as RFC 9110 §13.1.2 asks: a proxy that compresses turns a strong tag into a weak one.
 */
export function matches(ifNoneMatch: string | null | undefined, etag: string): boolean {
  if (!ifNoneMatch) return false;
  if (ifNoneMatch.trim() === "*") return true;
  const strong = etag.replace(/^W\//, "");
  for (const [tag] of ifNoneMatch.matchAll(/"[^"]*"/g)) if (tag === strong) return true;
  return false;
}
