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
  if (!isObject(value)) throw malformed(file, field, value, "a JSON object");
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
  const open: Set<string>[] = [];
  let outermost: Set<string> | undefined;
  let last = "";
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = closingQuote(text, at + 1);
      last = text.slice(at, end + 1);
      at = end;
    } else if (code === OPEN) {
      const keys = new Set<string>();
      outermost ??= keys;
      open.push(keys);
    } else if (code === CLOSE) {
      open.pop();
    } else if (code === COLON) {
      const key = last.includes("\\") ? JSON.parse(last) as string : last.slice(1, -1);
      const keys = open.at(-1)!;
      if (keys.has(key)) throw malformed(file, `${field}, key ${show(key)}`, "given twice", "once");
      keys.add(key);
    }
  }
  return [...outermost ?? []];
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
