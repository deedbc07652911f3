import { Buffer } from "node:buffer";
import { checkShape, malformed, type Refuse, show } from "../malformed.ts";
import { parts, wires } from "../protobuf.ts";
import { readTable } from "./sstable.ts";

// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto

/** What TensorFlow's readers of this form know. */
const VERSION = 1;
const MAX_SHARDS = 99_999;

/** A checkpoint's table: the header's facts, and an entry for each tensor or slice of one. */
export interface Bundle {
  /** How many files hold the data. */
  readonly shards: number;
  readonly bigEndian: boolean;
  /** By key, one character a byte, ascending. */
  readonly entries: ReadonlyMap<string, BundleEntry>;
}

/** Where one tensor lies, or of what slices it is put together. */
export interface BundleEntry {
  readonly name: string;
  /** A number of `DataType`. */
  readonly type: number;
  readonly shape: readonly number[];
  readonly count: number;
  readonly shard: number;
  /** Bytes in that shard. */
  readonly offset: number;
  readonly size: number;
  /** Masked CRC-32C of those bytes. */
  readonly checksum: number;
  readonly slices: readonly Slice[];
}

/** For each axis where it starts, and how far it goes; -1: all of it. */
export type Slice = readonly Extent[];

export interface Extent {
  readonly start: number;
  readonly length: number;
}

/** Reads an index file in memory. Throws `FormatError`. */
export function readBundle(file: string, bytes: Uint8Array): Bundle {
  let header: Pick<Bundle, "shards" | "bigEndian"> | undefined;
  const entries = new Map<string, BundleEntry>();
  for (const { key, value } of readTable(file, bytes)) {
    if (header) entries.set(key, readEntry(file, key, value));
    else if (key === "") header = readHeader(file, value);
    else throw malformed(file, "first key", show(key), 'the header\'s, ""');
  }
  if (!header) throw malformed(file, "table", "empty", "a header and tensors");
  return { ...header, entries };
}

function readHeader(file: string, message: Uint8Array): Pick<Bundle, "shards" | "bigEndian"> {
  let [shards, endianness, consumer] = [0, 0, 0];
  for (const { number, value, bytes } of parts(file, message)) {
    if (number === 1) shards = value;
    if (number === 2) endianness = value;
    if (number !== 3) continue;
    for (const part of parts(file, bytes)) if (part.number === 2) consumer = part.value;
  }
  if (shards < 0 || shards > MAX_SHARDS) {
    throw malformed(file, "num_shards", shards, `0 to ${MAX_SHARDS}`);
  }
  if (endianness !== 0 && endianness !== 1) {
    throw malformed(file, "endianness", endianness, "0, little, or 1, big");
  }
  if (consumer > VERSION) {
    throw malformed(file, "version", `for readers of version ${consumer}`, `${VERSION} at most`);
  }
  return { shards, bigEndian: endianness === 1 };
}

function readEntry(file: string, key: string, message: Uint8Array): BundleEntry {
  const name = nameOf(key);
  const refuse = (field: string): Refuse => (found, expected) =>
    malformed(file, `entry ${show(name)}${field}`, found, expected);
  const entry = { type: 0, shard: 0, offset: 0, size: 0, checksum: 0 };
  let sides: readonly number[] = [];
  const slices: Slice[] = [];
  for (const { number, wire, value, bytes } of parts(file, message)) {
    if (number === 1) entry.type = value;
    else if (number === 2) sides = readShape(file, bytes, refuse(" shape"));
    else if (number === 3) entry.shard = value;
    else if (number === 4) entry.offset = value;
    else if (number === 5) entry.size = value;
    else if (number === 6 && wire === wires.fixed32) {
      entry.checksum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    } else if (number === 7) slices.push(readSlice(file, bytes));
  }
  const { shape, count } = checkShape(sides, refuse(" shape"));
  return { ...entry, name, shape, count, slices };
}

/** The sides of a TensorShapeProto. */
function readShape(file: string, message: Uint8Array, refuse: Refuse): number[] {
  const shape: number[] = [];
  for (const { number, value, bytes } of parts(file, message)) {
    if (number === 3 && value !== 0) throw refuse("unknown", "known");
    if (number !== 2) continue;
    let side = 0;
    for (const part of parts(file, bytes)) if (part.number === 1) side = part.value;
    shape.push(side);
  }
  return shape;
}

/** A TensorSliceProto. */
function readSlice(file: string, message: Uint8Array): Slice {
  const slice: Extent[] = [];
  for (const { number, bytes } of parts(file, message)) {
    if (number !== 1) continue;
    let [start, length] = [0, -1];
    for (const part of parts(file, bytes)) {
      if (part.number === 1) start = part.value;
      if (part.number === 2) length = part.value;
    }
    slice.push({ start, length });
  }
  return slice;
}

/** A key as text: slices' keys are none, and have no name that is shown. */
const nameOf = (key: string) => Buffer.from(key, "latin1").toString();
