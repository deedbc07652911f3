import type { Source } from "../storage/source.ts";
import { dtypes, type Format, rowMajor, type Scalar, type TensorInfo } from "./format.ts";
import { isObject, parseObject } from "./json.ts";
import { checkShape, malformed, type Refuse, show } from "./malformed.ts";
import { findOverlap } from "./overlap.ts";

// Layout: u64 little-endian header length, JSON header, then the tensors' bytes, which may lie in
// any order and leave gaps (some writers pad) but never overlap.
const PREFIX = 8;
/** The reference library's own bound. */
const MAX_HEADER = 100_000_000;

/** Hugging Face's safetensors: https://github.com/huggingface/safetensors#format */
export const safetensors: Format = {
  name: "safetensors",
  about: {
    title: "safetensors",
    files: ["*.safetensors"],
    reads: "every element type of the format that is a real number, metadata",
    not: "element types that it does not define",
  },

  claims: (head, name) =>
    name.endsWith(".safetensors") ||
    (head.length > PREFIX && head[PREFIX] === 0x7b && headerLength(head) <= MAX_HEADER),

  async list(source, { signal } = {}) {
    const length = await checkedLength(source, signal);
    const bytes = await source.read(PREFIX, length, signal);
    const { object, keys } = parseObject(source.name, "header", bytes);
    const data = PREFIX + length;
    const tensors = keys.filter((key) => key !== "__metadata__")
      .map((name) => tensor(source, data, name, object[name]));
    refuseOverlaps(source.name, data, tensors);
    return { tensors, metadata: metadata(source.name, object["__metadata__"]) };
  },
};

async function checkedLength(source: Source, signal?: AbortSignal): Promise<number> {
  const file = source.name;
  if (source.size < PREFIX) {
    throw malformed(file, "file size", source.size, `at least ${PREFIX} bytes, a header length`);
  }
  const length = headerLength(await source.read(0, PREFIX, signal));
  const room = Math.min(source.size - PREFIX, MAX_HEADER);
  if (length > room || length < 2) {
    throw malformed(file, "header length", length, `2 to ${room} in ${source.size} bytes`);
  }
  return Number(length);
}

const headerLength = (head: Uint8Array) =>
  new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);

const isDtype = (name: unknown): name is Scalar =>
  typeof name === "string" && Object.hasOwn(dtypes, name);

function tensor(source: Source, data: number, name: string, entry: unknown): TensorInfo {
  const refuse = (field: string, found: string, expected: string) =>
    malformed(source.name, `tensor ${show(name)}${field}`, found, expected);
  if (!name.isWellFormed()) throw refuse("", "half a surrogate pair", "a Unicode name");
  if (!isObject(entry)) throw refuse("", show(entry), "an object");
  const { dtype } = entry;
  if (!isDtype(dtype)) {
    throw refuse(" dtype", show(dtype), `one of ${Object.keys(dtypes).join(", ")}`);
  }
  const { shape, count } = checkShape(entry["shape"], (...why) => refuse(" shape", ...why));
  const [begin, end] = checkOffsets(
    entry["data_offsets"],
    source.size - data,
    (...why) => refuse(" data_offsets", ...why),
  );
  const bytes = count * dtypes[dtype];
  if (end - begin !== bytes) {
    const found = `[${begin}, ${end}], ${end - begin} bytes`;
    throw refuse(" data_offsets", found, `${bytes} bytes for ${dtype} [${shape}]`);
  }
  return {
    name,
    dtype,
    shape,
    strides: rowMajor(shape),
    bigEndian: false,
    source: source.ref,
    offset: data + begin,
    bytes,
  };
}

function checkOffsets(value: unknown, room: number, refuse: Refuse): readonly [number, number] {
  const [begin, end] = Array.isArray(value) && value.length === 2 ? value as unknown[] : [];
  if (!isOffset(begin) || !isOffset(end) || begin > end || end > room) {
    const rule = `[begin, end] with 0 <= begin <= end <= ${room}, the bytes after the header`;
    throw refuse(show(value), rule);
  }
  return [begin, end];
}

const isOffset = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

function refuseOverlaps(file: string, data: number, tensors: readonly TensorInfo[]): void {
  const found = findOverlap(tensors);
  if (!found) return;
  const { tensor, before } = found;
  throw malformed(
    file,
    `tensor ${show(tensor.name)} data_offsets`,
    `from ${tensor.offset - data}`,
    `from ${before.offset + before.bytes - data} on, where ${show(before.name)} ends`,
  );
}

function metadata(file: string, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const entries = isObject(value) ? Object.entries(value) : undefined;
  const wrong = entries?.find(([, text]) => typeof text !== "string");
  if (!entries || wrong) {
    throw malformed(file, "__metadata__", show(wrong?.[1] ?? value), "an object of strings");
  }
  return Object.fromEntries(entries) as Record<string, string>;
}
