import type { TensorInfo } from "../formats/format.ts";
import type { Layer } from "./model.ts";

/** Last parts of names that never stand alone; the first that a layer has stands for it. */
const roles = new Map([
  ...["weight", "kernel", "embeddings", "embedding", "weight_v", "qweight", "in_proj_weight"],
  ...[
    "weight_ih_l0",
    "weight_hh_l0",
    "gamma",
    "scale",
    "scales",
    "weight_scale",
    "weight_scale_inv",
  ],
  ...["weight_zero_point", "input_scale", "qzeros", "g_idx", "weight_g", "in_proj_bias", "bias"],
  ...["beta", "running_mean", "running_var", "moving_mean", "moving_variance", "moving_var"],
  ...["num_batches_tracked"],
].map((role, rank) => [role, rank]));
/** Those of recurrent layers beyond the first. */
const recurrent = /^(weight|bias)_(ih|hh)_l\d+(_reverse)?$/;

const norms = /(^|[^a-z])(bn|ln|gn)\d*([^a-z]|$)|norm/i;
const attention =
  /(^|[^a-z])(mha|qkv|[qkvo]_proj|query|key|value|w[qkvo])([^a-z]|$)|att(n|ention)/i;
const embedding = /(^|[^a-z])(wte|wpe|tokens?|positions?|vocab)([^a-z]|$)|emb/i;

/**
 * Groups tensors by name: "a.b.weight" and "a.b.bias" are the layer "a.b"; "/" separates as "."
 * does. A tensor whose last part is no such role is a layer of its own. Layers come in the order
 * of the file, except where the file lists its tensors sorted by name, which says nothing of the
 * model: then in natural order, "blocks.2" before "blocks.10".
 */
export function groupLayers(tensors: readonly TensorInfo[]): Layer[] {
  const groups = new Map<string, TensorInfo[]>();
  for (const tensor of tensors) {
    const name = layerName(tensor.name);
    const group = groups.get(name);
    if (group) group.push(tensor);
    else groups.set(name, [tensor]);
  }
  const layers = [...groups].map(([name, members]) => layer(name, members));
  return listedByName(tensors) ? naturally(layers) : layers;
}

/** Elements of a shape. */
export const elements = (shape: readonly number[]): number =>
  shape.reduce((count, side) => count * side, 1);

function layerName(name: string): string {
  const cut = lastSeparator(name);
  return (cut > 0 && rank(name) < Infinity ? name.slice(0, cut) : name) || "(unnamed)";
}

const lastSeparator = (name: string) => Math.max(name.lastIndexOf("."), name.lastIndexOf("/"));

/** How much a tensor of this name stands for its layer, 0 the most; infinite for no role. */
function rank(name: string): number {
  // TensorFlow adds ":0" to a variable's name.
  const last = name.slice(lastSeparator(name) + 1).replace(":0", "");
  return roles.get(last) ?? (recurrent.test(last) ? roles.size : Infinity);
}

function layer(name: string, tensors: readonly TensorInfo[]): Layer {
  const main = tensors.length === 1 ? tensors[0]! : mainTensor(tensors);
  const parameters = tensors.reduce((sum, { shape }) => sum + elements(shape), 0);
  return { name, kind: kindOf(name, main, tensors), main, tensors, parameters };
}

function mainTensor(tensors: readonly TensorInfo[]): TensorInfo {
  const ranked = tensors.map((tensor) => ({ tensor, rank: rank(tensor.name) }));
  ranked.sort((a, b) =>
    a.rank === b.rank ? elements(b.tensor.shape) - elements(a.tensor.shape) : a.rank - b.rank
  );
  return ranked[0]!.tensor;
}

function kindOf(name: string, main: TensorInfo, tensors: readonly TensorInfo[]): string {
  const axes = main.shape.length;
  if (axes === 0) return "scalar";
  if (axes === 1) return norms.test(name) || tensors.some(isNorms) ? "norm" : "vector";
  if (axes === 4 || axes === 5 || (axes === 3 && /conv/i.test(name))) return "convolution";
  if (axes !== 2) return "tensor";
  if (embedding.test(name)) return "embedding";
  if (attention.test(name)) return "attention";
  return rank(main.name) < Infinity ? "linear" : "tensor";
}

const isNorms = ({ name }: TensorInfo) => /(running|moving)_(mean|var)|gamma/.test(name);

/** Whether names ascend within each dtype: writers that sort do it by dtype first, then by name. */
function listedByName(tensors: readonly TensorInfo[]): boolean {
  const last = new Map<string, string>();
  return tensors.every(({ dtype, name }) => {
    const before = last.get(dtype);
    last.set(dtype, name);
    return before === undefined || before < name;
  });
}

function naturally(layers: readonly Layer[]): Layer[] {
  const keyed = layers.map((layer) => ({ layer, key: layer.name.split(/(\d+)/) }));
  return keyed.sort((a, b) => compareParts(a.key, b.key)).map(({ layer }) => layer);
}

/** Parts alternate between text and digits; digits compare by value. */
function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [left, right] = [a[i]!, b[i]!];
    if (left === right) continue;
    const byValue = i % 2 === 1 ? Number(left) - Number(right) : 0;
    return byValue || (left < right ? -1 : 1);
  }
  return a.length - b.length;
}
