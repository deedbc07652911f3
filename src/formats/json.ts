import { FormatError } from "../errors.ts";
import { malformed, show } from "./malformed.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A JSON object and its keys in the order of the text, which `JSON.parse` alone does not keep for
 * keys like "0". Throws `FormatError` for text that is not UTF-8, not JSON or no object, and for an
 * object, at any depth, that names a key twice: `JSON.parse` would silently keep the last.
 */
export function parseObject(
  file: string,
  field: string,
  bytes: Uint8Array,
): { object: JsonObject; keys: readonly string[] } {
  const text = decode(file, field, bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(
      `${file}: ${field} is not JSON: ${reason}`,
      { file, field, found: show(text.slice(0, 64)), expected: "JSON" },
      cause,
    );
  }
  if (!isObject(value)) throw malformed(file, field, show(value), "a JSON object");
  return { object: value, keys: uniqueKeys(file, field, text) };
}

function decode(file: string, field: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw malformed(file, field, `${bytes.length} bytes with an invalid sequence`, "UTF-8", cause);
  }
}

const QUOTE = 0x22, BACKSLASH = 0x5c, COLON = 0x3a, OPEN = 0x7b, CLOSE = 0x7d;

/** Walks text known to be JSON. The keys of the outermost object, in order. */
function uniqueKeys(file: string, field: string, text: string): string[] {
  /** The keys so far of the open object at each depth. */
  const open: Set<string>[] = [];
  let depth = 0;
  let start = 0;
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      start = at;
      at = end = closingQuote(text, at + 1);
    } else if (code === OPEN) {
      open[depth] ??= new Set();
      if (depth > 0) open[depth]!.clear();
      depth++;
    } else if (code === CLOSE) {
      depth--;
    } else if (code === COLON) {
      const raw = text.slice(start + 1, end);
      const key = raw.includes("\\") ? JSON.parse(`"${raw}"`) as string : raw;
      const keys = open[depth - 1]!;
      if (keys.has(key)) throw malformed(file, `${field}, key ${show(key)}`, "given twice", "once");
      keys.add(key);
    }
  }
  return [...open[0]!];
}

function closingQuote(text: string, from: number): number {
  let end = text.indexOf('"', from);
  for (;;) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH && end - 1 - slashes >= from) slashes++;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
}
