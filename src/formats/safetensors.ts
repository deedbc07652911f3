import type { Source } from "../storage/source.ts";
import { type Dtype, dtypes, type Format, rowMajor, type TensorInfo } from "./format.ts";
import { isObject, parseObject } from "./json.ts";
import { checkShape, malformed, show } from "./malformed.ts";

// Layout: u64 little-endian header length, JSON header, then the tensors' bytes, which may lie in
// any order and leave gaps (some writers pad) but never overlap.
const PREFIX = 8;
/** The reference library's own bound. */
const MAX_HEADER = 100_000_000;

/** Hugging Face's safetensors: https://github.com/huggingface/safetensors#format */
export const safetensors: Format = {
  name: "safetensors",

  claims: (head, name) =>
    name.endsWith(".safetensors") ||
    (head.length > PREFIX && head[PREFIX] === 0x7b && headerLength(head) <= MAX_HEADER),

  async list(source, signal) {
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

const isDtype = (name: unknown): name is Dtype =>
  typeof name === "string" && Object.hasOwn(dtypes, name);

function tensor(source: Source, data: number, name: string, entry: unknown): TensorInfo {
  const file = source.name;
  const field = `tensor ${show(name)}`;
  if (!name.isWellFormed()) throw malformed(file, field, "a lone surrogate", "a Unicode name");
  if (!isObject(entry)) throw malformed(file, field, entry, "an object");
  const { dtype } = entry;
  if (!isDtype(dtype)) {
    throw malformed(file, `${field} dtype`, dtype, `one of ${Object.keys(dtypes).join(", ")}`);
  }
  const { shape, count } = checkShape(file, `${field} shape`, entry["shape"]);
  const [begin, end] = checkOffsets(file, field, entry["data_offsets"], source.size - data);
  const bytes = count * dtypes[dtype];
  if (end - begin !== bytes) {
    throw malformed(
      file,
      `${field} data_offsets`,
      `[${begin}, ${end}], ${end - begin} bytes`,
      `${bytes} bytes for ${dtype} [${shape}]`,
    );
  }
  const offset = data + begin;
  const layout = { strides: rowMajor(shape), bigEndian: false, source: source.ref };
  return { name, dtype, shape, ...layout, offset, bytes };
}

function checkOffsets(file: string, field: string, value: unknown, room: number) {
  const [begin, end] = Array.isArray(value) && value.length === 2 ? value as unknown[] : [];
  const whole = Number.isSafeInteger(begin) && Number.isSafeInteger(end);
  if (!whole || !(0 <= Number(begin) && Number(begin) <= Number(end) && Number(end) <= room)) {
    const rule = `[begin, end] with 0 <= begin <= end <= ${room}, the bytes after the header`;
    throw malformed(file, `${field} data_offsets`, value, rule);
  }
  return [Number(begin), Number(end)] as const;
}

function refuseOverlaps(file: string, data: number, tensors: readonly TensorInfo[]): void {
  const placed = tensors.filter((tensor) => tensor.bytes > 0).sort((a, b) => a.offset - b.offset);
  placed.forEach((tensor, i) => {
    const before = placed[i - 1];
    if (!before || before.offset + before.bytes <= tensor.offset) return;
    throw malformed(
      file,
      `tensor ${show(tensor.name)} data_offsets`,
      `from ${tensor.offset - data}`,
      `from ${before.offset + before.bytes - data} on, where ${show(before.name)} ends`,
    );
  });
}

function metadata(file: string, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const entries = isObject(value) ? Object.entries(value) : undefined;
  const wrong = entries?.find(([, text]) => typeof text !== "string");
  if (!entries || wrong) {
    throw malformed(file, "__metadata__", wrong?.[1] ?? value, "an object of strings");
  }
  return Object.fromEntries(entries) as Record<string, string>;
}
