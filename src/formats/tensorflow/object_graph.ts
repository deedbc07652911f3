import type { FormatError } from "../../errors.ts";
import { malformed } from "../malformed.ts";
import { parts, textOf } from "../protobuf.ts";
import type { Bundle } from "./bundle.ts";
import type { Shards } from "./variables.ts";

const KEY = "_CHECKPOINTABLE_OBJECT_GRAPH";
const MAX_SIZE = 16 << 20;

/**
 * What a checkpoint of objects calls its variables: keys by the names that graphs know them by.
 * Empty for a checkpoint without, or with more objects than fit 16 MiB.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/trackable_object_graph.proto
 */
export async function variableNames(
  file: string,
  bundle: Bundle,
  shards: Shards,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  const entry = bundle.entries.get(KEY);
  if (!entry || entry.count !== 1 || entry.size > MAX_SIZE) return names;
  const { source, offset, size } = await shards.locate(entry);
  const text = textIn(await source.read(offset, size, signal));
  if (!text) throw unreadable(file, size);
  for (const { number, bytes } of parts(file, text)) {
    if (number !== 1) continue;
    for (const { number, bytes: attribute } of parts(file, bytes)) {
      if (number !== 2) continue;
      let [name, key] = ["", ""];
      for (const { number, bytes } of parts(file, attribute)) {
        if (number === 2) name = textOf(file, number, bytes);
        if (number === 3) key = textOf(file, number, bytes);
      }
      if (!names.has(name)) names.set(name, key);
    }
  }
  return names;
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
