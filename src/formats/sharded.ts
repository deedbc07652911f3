import { isOfFile, type SynaptileError } from "../errors.ts";
import { standsAlone } from "../storage/beside.ts";
import type { Source } from "../storage/source.ts";
import type {
  Format,
  Ignored,
  Listing,
  LostFile,
  Metadata,
  Reading,
  TensorInfo,
} from "./format.ts";
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
 * beside the index. Lists what the map names, in its order, as loaders do; where a shard is missing
 * or malformed, what is in the others.
 */
function sharded(shards: Format, ending: string): Format {
  const index = `${ending}.index.json`;
  return {
    name: shards.name,
    about: {
      title: `${shards.about.title} in shards`,
      files: [`*${index}`],
      reads: "an index beside its shards, as published on model hubs; where some cannot be read, " +
        "the others",
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
  const tensors: TensorInfo[] = [], ignored: Ignored[] = [];
  for (const [name, file] of map) {
    const held = shards.get(file)!;
    const tensor = held instanceof Map ? held.get(name) : undefined;
    if (tensor) tensors.push(tensor);
    else ignored.push({ name, reason: lack(file, held) });
  }
  const failures = files.flatMap((file): LostFile[] => {
    const held = shards.get(file)!;
    if (held instanceof Map) return [];
    const tensors = map.values().reduce((sum, other) => sum + Number(other === file), 0);
    return [{ file, detail: held.message, tensors }];
  });
  if (tensors.length === 0 && ignored.length > 0) throw nothing(source, map, shards);
  return { tensors, metadata: metadata(object["metadata"]), ignored, failures };
}

/** What a shard holds by name, or why it cannot be read. */
type Shard = Map<string, TensorInfo> | SynaptileError;

const lack = (file: string, held: Shard) =>
  `its shard ${show(file)} ${held instanceof Map ? "does not hold it" : "cannot be read"}`;

/** The error where no shard holds what the map says: the first shard's, or what its map says of it. */
function nothing(source: Source, map: Map<string, string>, shards: Map<string, Shard>) {
  const lost = shards.values().find((held) => !(held instanceof Map));
  if (lost) return lost;
  const [[name, file]] = map as unknown as [[string, string]];
  const rule = `a shard that holds it; that one holds ${
    (shards.get(file) as Map<string, unknown>).size
  } others`;
  return malformed(source.name, `weight_map of ${show(name)}`, show(file), rule);
}

function weightMap(file: string, value: unknown): Map<string, string> {
  const entries = isObject(value) ? Object.entries(value) : undefined;
  const wrong = entries?.find(([, shard]) => typeof shard !== "string");
  if (!entries || wrong) {
    throw malformed(file, "weight_map", show(wrong?.[1] ?? value), "an object of file names");
  }
  return new Map(entries as [string, string][]);
}

async function shard(
  index: Source,
  file: string,
  format: Format,
  { beside, signal }: Reading,
): Promise<Shard> {
  if (!beside) throw standsAlone(index.name, file);
  try {
    const source = await beside(file);
    const { tensors } = await format.list(source, { ...(signal ? { signal } : {}) });
    return new Map(tensors.map((tensor) => [tensor.name, tensor]));
  } catch (error) {
    if (isOfFile(error)) return error;
    throw error;
  }
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
