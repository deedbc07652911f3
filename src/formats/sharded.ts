import { dirname, isAbsolute, join, relative } from "node:path";
import { Unreadable } from "../errors.ts";
import { homeOf, liesIn } from "../storage/confine.ts";
import { FileSource } from "../storage/file.ts";
import type { Source } from "../storage/source.ts";
import type { Format, TensorInfo } from "./format.ts";
import { isObject, parseObject } from "./json.ts";
import { malformed, show } from "./malformed.ts";
import { safetensors } from "./safetensors.ts";

const MAX_INDEX = 100_000_000;

/**
 * Hugging Face's index of a model in several safetensors files: JSON with `weight_map`, tensor
 * name → file beside the index. Lists what the map names, in its order, as loaders do.
 */
export const sharded: Format = {
  name: "safetensors",

  claims: (_head, name) => name.endsWith(".safetensors.index.json"),

  async list(source, signal) {
    if (source.size > MAX_INDEX) {
      throw malformed(source.name, "file size", source.size, `an index of <= ${MAX_INDEX} bytes`);
    }
    const bytes = await source.read(0, source.size, signal);
    const { object } = parseObject(source.name, "index", bytes);
    const map = weightMap(source.name, object["weight_map"]);
    const shards = new Map<string, ReadonlyMap<string, TensorInfo>>();
    for (const file of new Set(map.values())) {
      shards.set(file, await shard(source, file, signal));
    }
    const tensors = Array.from(map, ([name, file]) => {
      const tensor = shards.get(file)?.get(name);
      if (tensor) return tensor;
      const rule = `a shard that holds it; that one holds ${shards.get(file)?.size} others`;
      throw malformed(source.name, `weight_map of ${show(name)}`, show(file), rule);
    });
    return { tensors, metadata: metadata(object["metadata"]) };
  },
};

function weightMap(file: string, value: unknown): Map<string, string> {
  const entries = isObject(value) ? Object.entries(value) : undefined;
  const wrong = entries?.find(([, shard]) => typeof shard !== "string");
  if (!entries || wrong) {
    throw malformed(file, "weight_map", show(wrong?.[1] ?? value), "an object of file names");
  }
  return new Map(entries as [string, string][]);
}

async function shard(index: Source, file: string, signal?: AbortSignal) {
  const source = openBeside(index, file);
  try {
    const { tensors } = await safetensors.list(source, signal);
    return new Map(tensors.map((tensor) => [tensor.name, tensor]));
  } finally {
    source.close();
  }
}

function openBeside(index: Source, file: string): Source {
  const wrong = (rule: string, cause?: unknown) =>
    malformed(index.name, "weight_map file", show(file), rule, cause);
  if (index.ref.kind !== "file") throw wrong("an index on disk, which has files beside it");
  const folder = dirname(index.ref.path);
  const path = join(folder, file);
  const inside = relative(folder, path);
  if (isAbsolute(file) || inside.startsWith("..") || inside === "" || file.includes("\0")) {
    throw wrong("a file in the index's folder");
  }
  try {
    const source = new FileSource(path);
    if (liesIn(homeOf(folder), path)) return source;
    source.close();
  } catch (error) {
    if (error instanceof Unreadable) throw wrong("a file that can be read", error);
    throw error;
  }
  throw wrong("a file in the index's folder, but it is a link out of it");
}

/** Totals and remarks; what is no text is written as JSON. */
function metadata(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      typeof item === "string" ? item : JSON.stringify(item),
    ]),
  );
}
