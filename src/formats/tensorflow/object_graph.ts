import type { FormatError } from "../../errors.ts";
import { malformed } from "../malformed.ts";
import { parts, textOf } from "../protobuf.ts";
import type { Bundle } from "./bundle.ts";
import type { Shards } from "./variables.ts";

const KEY = "_CHECKPOINTABLE_OBJECT_GRAPH";
const MAX_SIZE = 16 << 20;

/** What a checkpoint of objects calls their variables: keys. */
export interface ObjectGraph {
  /** By the names that graphs know variables by; the first of a name. */
  readonly names: ReadonlyMap<string, string>;
  /** By the objects' numbers. */
  readonly objects: ReadonlyMap<number, string>;
  /** Keys of second copies, each with the key of the first. */
  readonly copies: ReadonlyMap<string, string>;
}

/** Keras' export saves each variable of a model a second time, below this. */
const SECOND = /^_all_variables\//;

/**
 * The objects of a checkpoint, which are numbered as in the SavedModel's own graph of them. Empty for a checkpoint without, or with more objects than fit 16 MiB.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/trackable_object_graph.proto
 */
export async function readObjectGraph(
  file: string,
  bundle: Bundle,
  shards: Shards,
  signal?: AbortSignal,
): Promise<ObjectGraph> {
  const names = new Map<string, string>();
  const objects = new Map<number, string>();
  const entry = bundle.entries.get(KEY);
  if (!entry || entry.count !== 1 || entry.size > MAX_SIZE) {
    return { names, objects, copies: new Map() };
  }
  const { source, offset, size } = await shards.locate(entry);
  const text = textIn(await source.read(offset, size, signal));
  if (!text) throw unreadable(file, size);
  let object = -1;
  const fullNames = new Map<string, string>();
  for (const { number, bytes } of parts(file, text)) {
    if (number !== 1) continue;
    object++;
    for (const { number, bytes: attribute } of parts(file, bytes)) {
      if (number !== 2) continue;
      let [name, key] = ["", ""];
      for (const { number, bytes } of parts(file, attribute)) {
        if (number === 2) name = textOf(file, number, bytes);
        if (number === 3) key = textOf(file, number, bytes);
      }
      if (!names.has(name) || SECOND.test(names.get(name)!)) names.set(name, key);
      if (!objects.has(object)) objects.set(object, key);
      fullNames.set(key, name);
    }
  }
  return { names, objects, copies: copiesOf(bundle, names, fullNames) };
}

/** Second copies that hold what the first of that name holds, by their checksums. */
function copiesOf(
  { entries }: Bundle,
  names: ReadonlyMap<string, string>,
  fullNames: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const copies = new Map<string, string>();
  for (const [key, name] of fullNames) {
    const first = names.get(name)!;
    const [a, b] = [entries.get(first), entries.get(key)];
    const same = a && b && a.checksum === b.checksum && a.size === b.size && a.type === b.type &&
      a.shape.join() === b.shape.join() && a.slices.length + b.slices.length === 0;
    if (same && SECOND.test(key) && !SECOND.test(first)) copies.set(key, first);
  }
  return copies;
}

/** The one text of a tensor: its length as a varint, a checksum of that, and the text. */
function textIn(bytes: Uint8Array): Uint8Array | undefined {
  const varint = bytes.findIndex((byte) => byte < 128) + 1;
  const length = bytes.subarray(0, varint)
    .reduceRight((length, byte) => length * 128 + (byte & 127), 0);
  const start = varint + 4;
  return varint > 0 && start + length === bytes.length ? bytes.subarray(start) : undefined;
}

const unreadable = (file: string, size: number): FormatError =>
  malformed(file, `entry "${KEY}"`, `${size} bytes`, "a text and its length");
