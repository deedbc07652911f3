/** A magic number with which compressed files begin, and what compresses so. */
const compressions: readonly (readonly [string, string])[] = [
  ["\x1f\x8b", "gzip"],
  ["BZh", "bzip2"],
  ["\xfd7zXZ\0", "xz"],
  ["\x28\xb5\x2f\xfd", "zstd"],
  ["7z\xbc\xaf\x27\x1c", "7-Zip"],
];
/** https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const pointer = /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n/;
const SHOWN = 40;

/**
 * What stands in place of a model, by the first bytes of a file that no format knows: a pointer that
 * Git LFS left, the page of a failed download, a compressed file. Undefined where that is not plain.
 */
export function impostorOf(head: Uint8Array): string | undefined {
  const start = Array.from(head.subarray(0, 8), (byte) => String.fromCharCode(byte)).join("");
  const [, compression] = compressions.find(([magic]) => start.startsWith(magic)) ?? [];
  if (compression) return `is compressed by ${compression}: unpack it first`;
  const text = textOf(head)?.trim();
  if (!text) return undefined;
  if (pointer.test(text)) {
    const size = /^size (\d{1,15})$/m.exec(text)?.[1];
    const what = size ? `${size} bytes that were not fetched` : "a file that was not fetched";
    return `is a Git LFS pointer to ${what}: "git lfs pull" fetches them`;
  }
  if (/^<(!doctype html|html)/i.test(text)) {
    return "is an HTML page: perhaps what a server answered in place of the model";
  }
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return `is text, and no model: ${JSON.stringify(shown)}`;
}

/** The bytes as text; undefined where they hold what text does not. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    // A character that the end cuts in two is no mistake.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    // deno-lint-ignore no-control-regex -- they are what is looked for
    return /[\x00-\x08\x0e-\x1f\x7f]/.test(text) ? undefined : text;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
