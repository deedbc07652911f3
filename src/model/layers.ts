import type { TensorInfo } from "../formats/format.ts";
import type { Layer } from "./model.ts";

/** Names of tensors that never stand alone, the one that stands for its layer first. */
const roles = [
  "weight",
  "kernel",
  "embeddings",
  "embedding",
  "weight_v",
  "qweight",
  "in_proj_weight",
  "weight_ih_l0",
  "gamma",
  "scale",
];
const role =
  /^(weight|bias|kernel|gamma|beta|embeddings?|scale|scales|qweight|qzeros|g_idx|weight_[gv]|weight_scale(_inv)?|weight_zero_point|input_scale|in_proj_(weight|bias)|(weight|bias)_(ih|hh)_l\d+(_reverse)?|(running|moving)_(mean|var|variance)|num_batches_tracked)(:0)?$/;

const norms =
  /(^|[^a-z])(norm|layernorm|rmsnorm|batchnorm|groupnorm|bn|ln|gn)(?![a-z])|[a-z]norm(?![a-z])/i;
const attention =
  /(^|[^a-z])(attn|attention|self_attn|mha|qkv|c_attn|in_proj|[qkvo]_proj|query|key|value|w[qkvo])(?![a-z])|attn|attention/i;
const embedding = /embed|(^|[^a-z])(wte|wpe|emb|token|tokens|position|positions|vocab)(?![a-z])/i;

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
  const cut = Math.max(name.lastIndexOf("."), name.lastIndexOf("/"));
  const stem = cut > 0 && role.test(name.slice(cut + 1)) ? name.slice(0, cut) : name;
  return stem || "(unnamed)";
}

const lastPart = (name: string) =>
  name.slice(Math.max(name.lastIndexOf("."), name.lastIndexOf("/")) + 1);

function layer(name: string, tensors: readonly TensorInfo[]): Layer {
  const main = mainTensor(tensors);
  const parameters = tensors.reduce((sum, { shape }) => sum + elements(shape), 0);
  return { name, kind: kindOf(name, main, tensors), main, tensors, parameters };
}

function mainTensor(tensors: readonly TensorInfo[]): TensorInfo {
  const rank = (tensor: TensorInfo) => {
    const at = roles.indexOf(lastPart(tensor.name).replace(/:0$/, ""));
    return at < 0 ? roles.length : at;
  };
  return tensors.toSorted((a, b) => rank(a) - rank(b) || elements(b.shape) - elements(a.shape))[0]!;
}

function kindOf(name: string, main: TensorInfo, tensors: readonly TensorInfo[]): string {
  const axes = main.shape.length;
  const known = role.test(lastPart(main.name));
  const normalises = norms.test(name) ||
    tensors.some(({ name }) => /(running|moving)_(mean|var|variance)|gamma/.test(name));
  if (axes === 0) return "scalar";
  if (axes === 1) return normalises ? "norm" : "vector";
  if (axes === 4 || axes === 5 || (axes === 3 && /conv/i.test(name))) return "convolution";
  if (axes !== 2) return "tensor";
  if (embedding.test(name)) return "embedding";
  if (attention.test(name)) return "attention";
  return known ? "linear" : "tensor";
}

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
