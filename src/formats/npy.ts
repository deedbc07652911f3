import { basename } from "node:path";
import type { SourceRef } from "../storage/source.ts";
import { dtypes, type Format, rowMajor, type Scalar, type TensorInfo } from "./format.ts";
import { checkShape, malformed, show } from "./malformed.ts";
import { parseLiteral } from "./literal.ts";

// Layout: "\x93NUMPY", major, minor, u16 (version 1) or u32 (2, 3) header length, all
// little-endian; the header, a Python dict literal padded with spaces; the elements.
const MAGIC = "\x93NUMPY";
/** NumPy writes 128 bytes, and reads no more than this where it must not trust a file. */
export const MAX_HEADER = 10_000;

const utf8 = new TextDecoder(), latin1 = new TextDecoder("latin1");

/** NumPy's array file: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
export const npy: Format = {
  name: "npy",
  about: {
    title: "NumPy array",
    files: ["*.npy"],
    reads: "booleans, integers and floats, C and Fortran order, both endians",
    not: "pickled objects, structured types, complex numbers, text",
  },

  claims: (head, name) => hasMagic(head) || name.endsWith(".npy"),

  async list(source, { signal } = {}) {
    const head = await source.read(0, Math.min(source.size, MAX_HEADER), signal);
    const at = { source: source.ref, start: 0, size: source.size };
    const tensor = parseNpy(source.name, basename(source.name, ".npy"), head, at);
    return { tensors: [tensor], metadata: {} };
  },
};

/** Where an npy file lies: all of a source, or a stored member of an archive. */
export interface Place {
  readonly source: SourceRef;
  readonly start: number;
  readonly size: number;
}

/**
 * The tensor that an npy file at `place` holds, from its first bytes.
 * Throws `FormatError`; also for types that are no plain numbers: pickled objects are never read.
 */
export function parseNpy(file: string, name: string, head: Uint8Array, place: Place): TensorInfo {
  const data = dataOffset(file, head, place.size);
  const text = (head[6] === 3 ? utf8 : latin1)
    .decode(head.subarray(head[6] === 1 ? 10 : 12, data));
  const header = parseLiteral(file, text);
  if (!(header instanceof Map)) throw malformed(file, "header", show(text), "a Python dict");
  const [dtype, bigEndian] = parseDescr(file, header.get("descr"));
  const fortran = header.get("fortran_order");
  if (typeof fortran !== "boolean") {
    throw malformed(file, "fortran_order", show(fortran), "True or False");
  }
  const { shape, count } = checkShape(
    header.get("shape"),
    (found, expected) => malformed(file, "shape", found, expected),
  );
  const bytes = count * dtypes[dtype];
  if (data + bytes !== place.size) {
    const rule = `${data + bytes}: ${data} of header, ${bytes} for ${dtype} [${shape}]`;
    throw malformed(file, "length in bytes", place.size, rule);
  }
  const strides = fortran ? rowMajor(shape.toReversed()).reverse() : rowMajor(shape);
  const offset = place.start + data;
  return { name, dtype, shape, strides, bigEndian, source: place.source, offset, bytes };
}

function hasMagic(head: Uint8Array): boolean {
  return String.fromCharCode(...head.subarray(0, MAGIC.length)) === MAGIC;
}

/** First byte of the elements, as the first 12 bytes of an npy file have it; NaN if they do not. */
export function headerEnd(head: Uint8Array): number {
  const version = head[6] ?? 0;
  const fixed = version === 1 ? 10 : 12;
  if (!hasMagic(head) || head.length < fixed) return NaN;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return fixed + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
}

/** `headerEnd`, checked. `head` holds the whole header, or all there is of the file. */
function dataOffset(file: string, head: Uint8Array, size: number): number {
  if (!hasMagic(head)) throw malformed(file, "magic", show([...head.subarray(0, 6)]), "\\x93NUMPY");
  const version = head[6] ?? 0;
  if (!(version >= 1 && version <= 3)) throw malformed(file, "version", version, "1, 2 or 3");
  const end = headerEnd(head);
  if (Number.isNaN(end)) throw malformed(file, "length in bytes", size, "at least 12");
  const room = Math.min(MAX_HEADER, size);
  if (end > room) throw malformed(file, "end of the header", end, `at most ${room}`);
  return end;
}

const names: Readonly<Record<string, Scalar>> = {
  b1: "BOOL",
  i1: "I8",
  i2: "I16",
  i4: "I32",
  i8: "I64",
  u1: "U8",
  u2: "U16",
  u4: "U32",
  u8: "U64",
  f2: "F16",
  f4: "F32",
  f8: "F64",
};

function parseDescr(file: string, descr: unknown): readonly [Scalar, boolean] {
  const plain = `one of ${Object.keys(names).join(", ")} after <, > or |`;
  if (typeof descr !== "string") {
    throw malformed(file, "descr (structured type)", show(descr), plain);
  }
  const [, order, code = ""] = /^([<>|=]?)(.*)$/s.exec(descr) ?? [];
  const dtype = Object.hasOwn(names, code) ? names[code] : undefined;
  if (dtype) return [dtype, order === ">" && dtypes[dtype] > 1];
  if (code.startsWith("O")) {
    throw malformed(file, "descr (pickled objects, never read)", show(descr), plain);
  }
  throw malformed(file, "descr", show(descr), plain);
}
