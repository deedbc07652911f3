import type { Source, SourceRef } from "../../storage/source.ts";
import { bytesOf, type Ignored, rowMajor, type TensorInfo } from "../format.ts";
import { checkShape, malformed, show } from "../malformed.ts";
import { asIntegers } from "../protobuf/repeated.ts";
import type { External, Stored } from "./tensor.ts";
import { elementType, type Typed } from "./types.ts";

/** The file that is read, and the way to those beside it. */
export interface Files {
  readonly source: Source;
  /** Opens a file by its path relative to this one; the same one for the same path. */
  open(location: string): Promise<Source>;
}

interface Place {
  readonly source: SourceRef;
  readonly offset: number;
}

/**
 * Where a tensor's values lie, raw, in typed fields or in another file; or why they cannot be drawn.
 * Throws `FormatError` where their size is not that of the shape.
 */
export async function place(
  stored: Stored,
  name: string,
  files: Files,
): Promise<TensorInfo | Ignored> {
  const file = files.source.name;
  const field = `tensor ${show(name)}`;
  const { shape, count } = checkShape(
    stored.shape,
    (...why) => malformed(file, `${field} dims`, ...why),
  );
  const { name: type, dtype, typed } = elementType(stored.type);
  if (!dtype || !typed) return { name, reason: `its elements are of type ${type}` };
  const bytes = Math.ceil(bytesOf(dtype, count)); // of 4-bit elements, the last byte may hold one
  const found =
    await (stored.external
      ? placeBeside(stored.external, field, bytes, files)
      : placeHere(stored, field, typed, { count, bytes }, files.source));
  if (typeof found === "string") return { name, reason: found };
  return { name, dtype, shape, strides: rowMajor(shape), bigEndian: false, ...found, bytes };
}

interface Size {
  readonly count: number;
  readonly bytes: number;
}

function placeHere(
  { raw, typed: found }: Stored,
  field: string,
  typed: Typed,
  { count, bytes }: Size,
  { name: file, ref }: Source,
): Place | string {
  if (bytes === 0) return { source: ref, offset: 0 };
  if (raw && raw.length > 0) {
    if (raw.length === bytes) return { source: ref, offset: raw.offset };
    throw malformed(file, `${field} raw_data`, `${raw.length} bytes`, `${bytes} for its dims`);
  }
  const repeated = found?.get(typed.number);
  if (!repeated) return "the file holds none of its values";
  const values = repeated.values(file);
  if (!values) return "its values are scattered over the file";
  const { source, offset, length } = values;
  if (typed.itemBytes !== "varint") {
    if (length === bytes) return { source, offset };
    throw malformed(file, `${field} data`, `${length} bytes`, `${bytes} for its dims`);
  }
  // Of 4-bit elements, one integer holds two: as many integers as bytes.
  const integers = Math.min(count, bytes);
  const place = asIntegers(values, integers, bytes / integers);
  if (place) return place;
  const rule = `${integers} integers of 1 to 10 bytes for its dims`;
  throw malformed(file, `${field} data`, `${length} bytes`, rule);
}

async function placeBeside(
  external: External,
  field: string,
  bytes: number,
  files: Files,
): Promise<Place> {
  const refuse = (key: string, found: string, expected: string) =>
    malformed(files.source.name, `${field} external_data ${key}`, found, expected);
  const { location } = external;
  if (!location) throw refuse("location", show(location), "the path of a file beside");
  const number = (key: "offset" | "length"): number | undefined => {
    const text = external[key];
    if (text === undefined) return;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(value)) return value;
    throw refuse(key, show(text), "a number of bytes");
  };
  const offset = number("offset") ?? 0;
  const length = number("length") ?? bytes;
  if (length !== bytes) throw refuse("length", String(length), `${bytes} for its dims`);
  const { ref, size, name } = await files.open(location);
  if (offset + bytes > size) {
    const found = `${offset} for ${bytes} bytes`;
    throw refuse("offset", found, `a span inside the ${size} bytes of ${name}`);
  }
  return { source: ref, offset };
}
