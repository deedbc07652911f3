import { standsAlone } from "../storage/beside.ts";
import type { Source } from "../storage/source.ts";
import type { Format, Listing, Metadata, Reading } from "./format.ts";
import { isObject, parseObject } from "./json.ts";
import { malformed, show } from "./malformed.ts";
import { pytorch } from "./pytorch.ts";
import { readWhole } from "./read_whole.ts";
import { safetensors } from "./safetensors.ts";

/** Hugging Face's index of a model in several safetensors files. */
export const shardedSafetensors = sharded(safetensors, ".safetensors");

/** The same of one in several PyTorch checkpoints. */
export const shardedPytorch = sharded(pytorch, ".bin");

/**
 * An index of files `*ending` that `shards` reads: JSON with `weight_map`, tensor name → file
 * beside the index. Lists what the map names, in its order, as loaders do.
 */
function sharded(shards: Format, ending: string): Format {
  const index = `${ending}.index.json`;
  return {
    name: shards.name,
    about: {
      title: `${shards.about.title} in shards`,
      files: [`*${index}`],
      reads: "an index beside its shards, as published on model hubs",
      not: "an index that names files outside its folder",
    },
    claims: (_head, name) => name.endsWith(index),
    companions: (_name, names) => names.filter((other) => other.endsWith(ending)),
    list: (source, reading = {}) => list(source, shards, reading),
  };
}

async function list(source: Source, format: Format, reading: Reading): Promise<Listing> {
  const bytes = await readWhole(source, reading.signal);
  const { object } = parseObject(source.name, "index", bytes);
  const map = weightMap(source.name, object["weight_map"]);
  // All at once: far away, each is a wait.
  const files = [...new Set(map.values())];
  const found = await Promise.all(files.map((file) => shard(source, file, format, reading)));
  const shards = new Map(files.map((file, i) => [file, found[i]!]));
  const tensors = Array.from(map, ([name, file]) => {
    const tensor = shards.get(file)?.get(name);
    if (tensor) return tensor;
    const rule = `a shard that holds it; that one holds ${shards.get(file)?.size} others`;
    throw malformed(source.name, `weight_map of ${show(name)}`, show(file), rule);
  });
  return { tensors, metadata: metadata(object["metadata"]) };
}

function weightMap(file: string, value: unknown): Map<string, string> {
  const entries = isObject(value) ? Object.entries(value) : undefined;
  const wrong = entries?.find(([, shard]) => typeof shard !== "string");
  if (!entries || wrong) {
    throw malformed(file, "weight_map", show(wrong?.[1] ?? value), "an object of file names");
  }
  return new Map(entries as [string, string][]);
}

async function shard(index: Source, file: string, format: Format, { beside, signal }: Reading) {
  if (!beside) throw standsAlone(index.name, file);
  const source = await beside(file);
  const { tensors } = await format.list(source, { ...(signal ? { signal } : {}) });
  return new Map(tensors.map((tensor) => [tensor.name, tensor]));
}

/** Totals and remarks; what is no text is written as JSON. */
function metadata(value: unknown): Metadata {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      typeof item === "string" ? item : JSON.stringify(item),
    ]),
  );
}
