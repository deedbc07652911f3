import { basename } from "node:path";
import type { Source } from "../storage/source.ts";
import type { Format, Graph, Metadata, TensorInfo } from "./format.ts";
import { isObject, type JsonObject, parseObject } from "./json.ts";
import { graphOfConfig } from "./keras/config.ts";
import { withNamedKernels } from "./kernels.ts";
import { readWhole } from "./read_whole.ts";
import { kernelsOf, withKernels } from "./tensorflow/kernels.ts";
import { graphOfNodes, type Node } from "./tensorflow/nodes.ts";
import { weightsOf } from "./tfjs/manifest.ts";

const marks = /"(modelTopology|weightsManifest)"\s*:|"format"\s*:\s*"(graph|layers)-model"/;
/** Manifests without a topology, as before TF.js 1.0 and in face-api.js. */
const bare = /weights_manifest\.json$/;

/**
 * TensorFlow.js: a JSON file with topology and manifest of the weights, which lie in files beside.
 * https://www.tensorflow.org/js/guide/save_load
 */
export const tfjs: Format = {
  name: "tfjs",
  about: {
    title: "TensorFlow.js",
    files: ["model.json", "*.json"],
    reads: "layers and graph models with their topology, weights quantized to uint8, uint16 and " +
      "float16, shards",
    not: "strings and complex numbers; weights that lie outside the folder",
  },

  claims(head, name) {
    const file = basename(name);
    const named = file === "model.json" || bare.test(file);
    if (head.length === 0 || !file.endsWith(".json")) return named;
    const text = new TextDecoder().decode(head).trimStart();
    if (bare.test(file)) return text.startsWith("[");
    return text.startsWith("{") && (named || marks.test(text));
  },

  companions(name, names) {
    const stem = name.replace(/(weights_manifest)?\.json$/, "");
    return names.filter((other) =>
      /^group\d+-shard\d+of\d+(\.bin)?$/.test(other) || /(^|\.)weights\.bin$/.test(other) ||
      (bare.test(name) && other.startsWith(`${stem}shard`))
    );
  },

  async list(source, reading = {}) {
    const model = await read(source, reading.signal);
    const { tensors, ignored } = await weightsOf(source.name, model["weightsManifest"], reading);
    const { graph, laidOut } = structureOf(model["modelTopology"], tensors);
    return { tensors: laidOut, ignored, metadata: metadata(model), ...(graph ? { graph } : {}) };
  },
};

async function read(source: Source, signal?: AbortSignal): Promise<JsonObject> {
  const { name } = source;
  const bytes = await readWhole(source, signal);
  if (!bare.test(name)) return parseObject(name, "model", bytes).object;
  const [before, after] = [new TextEncoder().encode('{"weightsManifest":'), Uint8Array.of(0x7d)];
  const wrapped = new Uint8Array(await new Blob([before, bytes, after]).arrayBuffer());
  return parseObject(name, "manifest", wrapped).object;
}

/** What computes what, and the tensors with the order of axes in which they are weights there. */
function structureOf(
  topology: unknown,
  tensors: readonly TensorInfo[],
): { graph: Graph | undefined; laidOut: readonly TensorInfo[] } {
  const list = isObject(topology) ? topology["node"] : undefined;
  if (!Array.isArray(list)) {
    const graph = graphOfConfig(topology, byLayer(tensors));
    return { graph, laidOut: withNamedKernels(tensors, graph) };
  }
  const names = new Map(tensors.map(({ name }) => [name, name]));
  const nodes = list.flatMap((node) => nodeOf(node) ?? []);
  const laidOut = withKernels(tensors, kernelsOf(nodes, names));
  return { graph: graphOfNodes(nodes, names), laidOut };
}

function nodeOf(node: unknown): Node | undefined {
  const { name, op, input, attr } = isObject(node) ? node : {};
  if (typeof name !== "string" || typeof op !== "string") return undefined;
  const inputs = Array.isArray(input) ? input.filter((from) => typeof from === "string") : [];
  const transposes = ["transpose_b", "adj_y"].some((key) => {
    const value = isObject(attr) ? attr[key] : undefined;
    return isObject(value) && value["b"] === true;
  });
  return { name, op, inputs, transposes };
}

/** Models within models whose layers' paths are looked at. */
const MAX_DEPTH = 16;

/** Tensors by every path that their names begin with: "a", "a/b" of "a/b/kernel". */
function byLayer(tensors: readonly TensorInfo[]): ReadonlyMap<string, readonly string[]> {
  const layers = new Map<string, string[]>();
  for (const { name } of tensors) {
    const parts = name.split("/", MAX_DEPTH + 1);
    for (let depth = 1; depth < parts.length; depth++) {
      const layer = parts.slice(0, depth).join("/");
      const members = layers.get(layer);
      if (members) members.push(name);
      else layers.set(layer, [name]);
    }
  }
  return layers;
}

function metadata(model: JsonObject): Metadata {
  return Object.fromEntries(
    ["format", "generatedBy", "convertedBy"].flatMap((key) => {
      const value = model[key];
      return typeof value === "string" ? [[key, value]] : [];
    }),
  );
}
