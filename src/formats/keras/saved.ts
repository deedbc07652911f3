import type { TensorInfo } from "../format.ts";
import type { Contents } from "../hdf5/contents.ts";
import { isObject, type JsonObject } from "../json.ts";

// How Keras 3 saves (keras/src/saving/saving_lib.py): each layer of a model in the group
// "layers/<class in snake case>[_<number>]", its variables in "vars" there, its parts in groups of
// their names. The group "vars" has the layer's own name as an attribute, in later versions.
const CONTAINERS = ["layers", "_layer_checkpoint_dependencies"];
const MAX_DEPTH = 16;
/** Parts of layers in the order in which they compute; groups list them by name. */
const PARTS = [
  ...["forward_layer", "backward_layer"],
  ...["query_dense", "key_dense", "value_dense", "output_dense"],
];

/** The tensors of each layer by its path in the config ("outer/inner"), and by its name alone. */
export function namesByLayer(
  contents: Contents,
  config: JsonObject,
): Map<string, readonly string[]> {
  const layers = new Map(layersOf(contents, config, "", "", 0));
  const found = new Map<string, string[]>();
  const add = (layer: string, tensor: string) => {
    const names = found.get(layer);
    if (names) names.push(tensor);
    else found.set(layer, [tensor]);
  };
  for (const { name } of contents.tensors) {
    const layer = ownerOf(name, layers);
    if (layer === undefined) continue;
    add(layer, name);
    const bare = layer.slice(layer.lastIndexOf("/") + 1);
    if (bare !== layer) add(bare, name);
  }
  for (const names of found.values()) names.sort((a, b) => placeOf(a) - placeOf(b));
  return found;
}

/** Where among a layer's parts the one lies that a tensor belongs to; others before them. */
const placeOf = (tensor: string) =>
  Math.max(...tensor.split("/").map((part) => PARTS.indexOf(part)));

/** Tensors in the order of the config's layers, others after them. */
export function inConfigOrder(contents: Contents, config: JsonObject | undefined): TensorInfo[] {
  const layers = new Map(config ? layersOf(contents, config, "", "", 0) : []);
  const rank = new Map([...layers.keys()].map((group, i) => [group, i]));
  const rankOf = (name: string) => {
    for (let path = name; path !== ""; path = parent(path)) {
      const found = rank.get(path);
      if (found !== undefined) return found;
    }
    return rank.size;
  };
  const natural = new Intl.Collator("en", { numeric: true });
  return contents.tensors.map((tensor) => ({ tensor, rank: rankOf(tensor.name) }))
    .sort((a, b) => a.rank - b.rank || natural.compare(a.tensor.name, b.tensor.name))
    .map(({ tensor }) => tensor);
}

const parent = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** The innermost layer whose group holds a tensor. */
function ownerOf(tensor: string, layers: ReadonlyMap<string, string>): string | undefined {
  for (let path = parent(tensor); path !== ""; path = parent(path)) {
    const layer = layers.get(path);
    if (layer !== undefined) return layer;
  }
  return undefined;
}

/** The group of each layer of a model, and the layer's path in the config, in the config's order. */
function* layersOf(
  contents: Contents,
  model: JsonObject,
  group: string,
  path: string,
  depth: number,
): Generator<[string, string]> {
  const { config } = model;
  const layers = isObject(config) ? config["layers"] : undefined;
  if (!Array.isArray(layers) || depth > MAX_DEPTH) return;
  const home = CONTAINERS.map((container) => group + container)
    .find((container) => contents.groups.has(container));
  if (home === undefined) return;
  const used = new Map<string, number>();
  for (const layer of layers as unknown[]) {
    if (!isObject(layer) || typeof layer["class_name"] !== "string") continue;
    const name = isObject(layer["config"]) ? layer["config"]["name"] : undefined;
    if (typeof name !== "string") continue;
    const stem = snakeCase(layer["class_name"]);
    // A sequential model does not save its input.
    if (model["class_name"] === "Sequential" && layer["class_name"] === "InputLayer") continue;
    const times = used.get(stem) ?? 0;
    used.set(stem, times + 1);
    const own = `${home}/${times === 0 ? stem : `${stem}_${times}`}`;
    yield [own, path + name];
    yield* layersOf(contents, layer, `${own}/`, `${path}${name}/`, depth + 1);
  }
}

/** keras/src/utils/naming.py: "MaxPooling2D" is "max_pooling2d". */
const snakeCase = (name: string) =>
  name.replace(/\W+/g, "").replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
