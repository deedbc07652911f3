import { standsAlone } from "../../storage/beside.ts";
import type { Source } from "../../storage/source.ts";
import {
  bytesOf,
  type Dtype,
  type Ignored,
  type Listing,
  type Reading,
  rowMajor,
  type TensorInfo,
} from "../format.ts";
import { isObject, type JsonObject } from "../json.ts";
import { checkShape, malformed, type Refuse, show } from "../malformed.ts";
import { Stream } from "./stream.ts";

/** The library's own shards of 4 MiB, up to 16 GiB. */
const MAX_PATHS = 4096;
/** Bytes read of a group for the lengths of its strings. */
const MAX_READ = 64 << 20;
const WINDOW = 1 << 16;
/** Bytes of a complex number. */
const COMPLEX = 8;

const stored = { float32: "F32", int32: "I32", uint8: "U8", bool: "BOOL" } as const;
const quantized = { uint8: "U8", uint16: "U16", float16: "F16" } as const;

/** How a weight is stored, or why it cannot be drawn; what cannot has bytes all the same. */
interface Storage {
  readonly dtype?: Dtype;
  readonly affine?: { readonly scale: number; readonly offset: number };
  readonly note?: string;
  readonly reason?: string;
}

/** One weight, where it could be drawn, and the bytes that it takes. */
type Weight =
  | { readonly bytes: number; readonly tensor: TensorInfo }
  | { readonly bytes: number; readonly ignored: Ignored };

/**
 * The weights of a manifest: groups of `paths`, files beside the manifest that count as one stream
 * of bytes, and `weights`, whose bytes follow each other there. Throws `FormatError` where the
 * files do not have exactly the bytes that the weights need.
 * https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts
 */
export async function weightsOf(
  file: string,
  manifest: unknown,
  reading: Reading,
): Promise<Required<Pick<Listing, "tensors" | "ignored">>> {
  if (!Array.isArray(manifest)) {
    throw malformed(file, "weightsManifest", show(manifest), "a list of groups");
  }
  const found: Weight[] = [];
  const sources = new Map<string, Source>();
  for (const [i, group] of manifest.entries()) {
    const field = `weightsManifest[${i}]`;
    const { paths, weights } = isObject(group) ? group : {};
    if (!Array.isArray(paths) || !Array.isArray(weights)) {
      throw malformed(file, field, show(group), "an object with the lists paths and weights");
    }
    const stream = new Stream(await open(file, `${field}, path`, paths, sources, reading));
    let at = 0;
    for (const [j, entry] of weights.entries()) {
      const weight = await weightAt(file, `${field}.weights[${j}]`, entry, stream, at, reading);
      found.push(weight);
      at += weight.bytes;
    }
    if (at < stream.size) {
      throw malformed(
        file,
        `${field}, bytes of its weights`,
        at,
        `${stream.size}, as in its files`,
      );
    }
  }
  return {
    tensors: found.flatMap((weight) => "tensor" in weight ? weight.tensor : []),
    ignored: found.flatMap((weight) => "ignored" in weight ? weight.ignored : []),
  };
}

async function weightAt(
  file: string,
  field: string,
  entry: unknown,
  stream: Stream,
  at: number,
  { signal }: Reading,
): Promise<Weight> {
  const { name } = isObject(entry) ? entry : {};
  if (!isObject(entry) || typeof name !== "string") {
    throw malformed(file, field, show(entry), "an object with a name");
  }
  const refuse = (part: string): Refuse => (found, rule) =>
    malformed(file, `weight ${show(name)}${part}`, found, rule);
  const { shape, count } = checkShape(entry["shape"], refuse(" shape"));
  const { dtype, reason, ...rest } = storageOf(entry, refuse);
  const strings = entry["dtype"] === "string" && !dtype;
  const bytes = dtype
    ? bytesOf(dtype, count)
    : strings
    ? await lengthOfStrings(stream, at, count, refuse(""), signal)
    : COMPLEX * count;
  if (bytes > stream.size - at) {
    const found = `${bytes} bytes from byte ${at} on`;
    throw refuse("")(found, `inside the ${stream.size} bytes of its files`);
  }
  if (!dtype) return { bytes, ignored: { name, reason: reason! } };
  const place = stream.place(`${file}, weight ${show(name)}`, at, bytes);
  const strides = rowMajor(shape);
  return {
    bytes,
    tensor: { name, dtype, shape, strides, bigEndian: false, bytes, ...place, ...rest },
  };
}

async function open(
  file: string,
  field: string,
  paths: readonly unknown[],
  sources: Map<string, Source>,
  { beside }: Reading,
): Promise<Source[]> {
  const opened: Source[] = [];
  for (const path of paths) {
    if (typeof path !== "string") throw malformed(file, field, show(path), "a string");
    if (!beside) throw standsAlone(file, path);
    if (!sources.has(path)) {
      if (sources.size === MAX_PATHS) {
        throw malformed(file, "number of files", `over ${MAX_PATHS}`, "fewer");
      }
      sources.set(path, await beside(path.replace(/^(\.\/)+/, "")));
    }
    opened.push(sources.get(path)!);
  }
  return opened;
}

function storageOf(weight: JsonObject, refuse: (part: string) => Refuse): Storage {
  const { dtype, quantization } = weight;
  if (quantization !== undefined && quantization !== null) {
    if (!isObject(quantization)) throw refuse(" quantization")(show(quantization), "an object");
    return quantizedStorage(dtype, quantization, refuse);
  }
  if (dtype === "string") return { reason: "its elements are strings" };
  if (dtype === "complex64") return { reason: "its elements are complex numbers" };
  return { dtype: pick(stored, dtype, "string, complex64", refuse(" dtype")) };
}

function quantizedStorage(
  original: unknown,
  { dtype: name, scale, min }: JsonObject,
  refuse: (part: string) => Refuse,
): Storage {
  const dtype = pick(quantized, name, undefined, refuse(" quantization dtype"));
  if (original !== "float32" && (original !== "int32" || dtype === "F16")) {
    throw refuse(" dtype")(show(original), `float32, quantized to ${show(name)}`);
  }
  if (dtype === "F16") return { dtype };
  if (!isFinite(scale)) throw refuse(" quantization scale")(show(scale), "a number");
  if (!isFinite(min)) throw refuse(" quantization min")(show(min), "a number");
  const note = "its values are rounded to integers once they are scaled";
  return { dtype, affine: { scale, offset: min }, ...(original === "int32" ? { note } : {}) };
}

const isFinite = (value: unknown): value is number => Number.isFinite(value);

function pick<T>(
  table: Readonly<Record<string, T>>,
  name: unknown,
  others: string | undefined,
  refuse: Refuse,
): T {
  if (typeof name === "string" && Object.hasOwn(table, name)) return table[name]!;
  const known = [...Object.keys(table), ...(others ? [others] : [])];
  throw refuse(show(name), `one of ${known.join(", ")}`);
}

/** Bytes that `count` strings take, each after its length in 4 bytes. */
async function lengthOfStrings(
  stream: Stream,
  start: number,
  count: number,
  refuse: Refuse,
  signal?: AbortSignal,
): Promise<number> {
  let window = new DataView(new ArrayBuffer(0));
  let from = start;
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 4 > stream.size) throw refuse(`${count} strings`, `at most ${i} in its files`);
    if (at + 4 > from + window.byteLength) {
      if (stream.taken > MAX_READ) throw refuse("strings over 64 MiB", "shorter ones");
      window = new DataView((await stream.read(at, WINDOW, signal)).buffer);
      from = at;
    }
    at += 4 + window.getUint32(at - from, true);
  }
  return at - start;
}
