import { basename } from "node:path";
import { FormatError } from "../errors.ts";
import type { Format, Metadata, MetadataValue, Reading, TensorInfo } from "./format.ts";
import type { Attributes, Value } from "./hdf5/attributes.ts";
import { type Contents, readContents } from "./hdf5/contents.ts";
import { hasSignature } from "./hdf5/superblock.ts";
import { parseObject } from "./json.ts";
import { graphOfConfig } from "./keras/config.ts";
import { withNamedKernels } from "./kernels.ts";
import { readWhole } from "./read_whole.ts";

/** The whole model's weights lie here; in a file of weights alone, at the root. */
const WEIGHTS = "model_weights";
const CONFIG = "model_config";
/** The model's config beside a file of weights alone. */
const TOPOLOGY = "topology.json";
/** Items of a list that metadata shows. */
const FIRST = 8;

/**
 * HDF5 files: Keras' models and weights, and whatever else holds arrays. Tensors are named by the
 * path of their data set, and come in the order of Keras' layers where the file says so.
 */
export const hdf5: Format = {
  name: "keras",
  about: {
    title: "Keras and other HDF5",
    files: ["*.h5", "*.hdf5"],
    reads: "whole models and weights alone; any HDF5 file: contiguous, compact and chunked data " +
      "sets; filters deflate, shuffle and fletcher32; integers, booleans, floating point of " +
      "either byte order",
    not: "other filters, compounds, texts; data sets in other files; virtual ones",
  },

  claims: (head, name) => hasSignature(head) || /\.(h5|hdf5)$/.test(name),

  companions: (name, names) =>
    /\.(h5|hdf5)$/.test(name) ? names.filter((other) => other === TOPOLOGY) : [],

  async list(source, reading = {}) {
    const contents = await readContents(source, undefined, reading.signal);
    const { groups, ignored } = contents;
    const root = groups.get("") ?? new Map();
    const weights = weightsOf(contents);
    const config = await configOf(root, weights, reading);
    const graph = config === undefined ? undefined : graphOfConfig(config, namesByLayer(weights));
    return {
      tensors: withNamedKernels(inOrder(contents.tensors, weights), graph),
      ignored,
      metadata: metadataOf(root),
      ...(graph ? { graph } : {}),
    };
  },
};

/** A layer and its weights' names, as Keras lists them, and the tensors that they are. */
interface LayerWeights {
  readonly layer: string;
  readonly weights: readonly { readonly name: string; readonly tensor: string }[];
}

/** In the order of the network: the file itself lists groups by name. */
function weightsOf({ groups, tensors }: Contents): LayerWeights[] {
  const home = groups.has(WEIGHTS) ? `${WEIGHTS}/` : "";
  const known = new Set(tensors.map(({ name }) => name));
  const layers = texts(groups.get(home.slice(0, -1)), "layer_names");
  return layers.map((layer) => {
    const path = home + layer;
    const weights = texts(groups.get(path), "weight_names")
      .map((name) => ({ name, tensor: `${path}/${name}` }))
      .filter(({ tensor }) => known.has(tensor));
    return { layer, weights };
  });
}

/** An attribute that is a list of texts; one too long for a header is cut: "name0", "name1", …. */
function texts(attributes: Attributes | undefined, name: string): string[] {
  const list = (value: Value | undefined) =>
    typeof value === "object" ? value.filter((item) => typeof item === "string") : [];
  if (attributes?.has(name)) return list(attributes.get(name));
  const found: string[] = [];
  for (let i = 0; attributes?.has(name + i); i++) found.push(...list(attributes.get(name + i)));
  return found;
}

/** By layer, and by what the weights' own names begin with: that of a layer within a layer. */
function namesByLayer(layers: readonly LayerWeights[]): Map<string, readonly string[]> {
  const inner = Map.groupBy(
    layers.flatMap(({ weights }) => weights),
    ({ name }) => name.slice(0, Math.max(0, name.lastIndexOf("/"))),
  );
  const tensors = (weights: LayerWeights["weights"]) => weights.map(({ tensor }) => tensor);
  return new Map([
    ...Array.from(inner, ([layer, weights]) => [layer, tensors(weights)] as const),
    ...layers.map(({ layer, weights }) => [layer, tensors(weights)] as const),
  ]);
}

function inOrder(
  tensors: readonly TensorInfo[],
  layers: readonly LayerWeights[],
): readonly TensorInfo[] {
  const order = layers.flatMap(({ weights }) => weights.map(({ tensor }) => tensor));
  const rank = new Map(order.map((name, i) => [name, i]));
  const rankOf = ({ name }: TensorInfo) => rank.get(name) ?? order.length;
  return tensors.toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** The model's config: in the file, or beside one that Keras wrote weights to. */
async function configOf(
  root: Attributes,
  weights: readonly LayerWeights[],
  reading: Reading,
): Promise<unknown> {
  const config = root.get(CONFIG);
  if (typeof config === "string") return jsonOf(config);
  return weights.length > 0 ? await topology(reading) : undefined;
}

/** Weights can be seen without their graph: what is no JSON is no config. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function topology({ beside, signal }: Reading): Promise<unknown> {
  if (!beside) return undefined;
  try {
    const source = await beside(TOPOLOGY);
    const bytes = await readWhole(source, signal);
    return parseObject(basename(source.name), "topology", bytes).object;
  } catch (error) {
    if (error instanceof FormatError) return undefined; // it is not there, or something else
    throw error;
  }
}

/** The root's attributes, but for the config, which the graph tells better. */
function metadataOf(root: Attributes): Metadata {
  return Object.fromEntries(
    Array.from(root, ([name, value]): [string, MetadataValue] => [
      name,
      typeof value === "object" ? { count: value.length, first: value.slice(0, FIRST) } : value,
    ]).filter(([name]) => name !== CONFIG),
  );
}
