import { elementCount, type TensorInfo } from "../formats/format.ts";

/** Last parts of names that never stand alone; the first that a layer has stands for it. */
const ranks = new Map([
  ...["weight", "kernel", "embeddings", "embedding", "weight_v", "qweight", "in_proj_weight"],
  ...["_kernel", "_embeddings"],
  ...["depthwise_kernel", "pointwise_kernel", "recurrent_kernel"],
  ...["weight_ih_l0", "weight_hh_l0", "gamma", "scale", "scales", "weight_scale"],
  ...["weight_scale_inv", "weight_zero_point", "input_scale", "qzeros", "g_idx", "weight_g"],
  ...["in_proj_bias", "bias", "beta", "running_mean", "running_var", "moving_mean"],
  ...["moving_variance", "moving_var", "num_batches_tracked"],
  ...["exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "step"],
].map((part, rank) => [part, rank]));
/** Those of recurrent layers beyond the first. */
const recurrent = /^(weight|bias)_(ih|hh)_l\d+(_reverse)?$/;
/** TensorFlow's output number, and what its checkpoints of objects end names with. */
const suffix = /:0$|\/\.ATTRIBUTES\/VARIABLE_VALUE$/;
const VARIABLES = "/vars";

/** Words for what keeps an optimizer's state; in names of layers they mean nothing else. */
const optimizer =
  /^(optimizers?|optim|optimizer_states?|optimizer_weights|opt_state|\.optimizer_slot|adam[wx]?(_\d+)?|nadam|rmsprop(_\d+)?|adagrad|adadelta|momentum|ftrl(_\d+)?|exp_avg|exp_avg_sq|momentum_buffer|beta[12]_power)$/i;
/** In checkpoints of Keras 3 an optimizer also holds the model's own weights, under this name. */
const ownWeights = "_trainable_variables";
/** Some of a word that such names have, so that most others are not looked at closely. */
const hint = /opt|adam|rmsprop|adagrad|adadelta|momentum|ftrl|exp_avg|beta[12]_/i;
const moments: readonly (readonly [RegExp, string])[] = [
  [/(^|[./])(exp_avg_sq|v|nu|adam_1)([./:]|$)/i, "optimizer.second-moment"],
  [/(^|[./])(exp_avg|m|mu|adam)$|(^|[./])m[./]/i, "optimizer.first-moment"],
  [/(^|[./])momentum(_buffer)?$/i, "optimizer.momentum"],
  [/(^|[./])(step|iterations?|iter)(:0)?$/i, "optimizer.step"],
];

/** Tensors that make one layer. */
export interface Group {
  readonly name: string;
  readonly tensors: TensorInfo[];
}

/**
 * Groups tensors by name: "a.b.weight" and "a.b.bias" are the layer "a.b"; "/" separates as "."
 * does. A tensor whose last part is no such role is a layer of its own. Groups come in the order
 * of their first tensors.
 */
export function groupByName(tensors: readonly TensorInfo[]): Group[] {
  const groups = new Map<string, Group>();
  for (const tensor of tensors) {
    const name = layerName(tensor.name);
    const group = groups.get(name);
    if (group) group.tensors.push(tensor);
    else groups.set(name, { name, tensors: [tensor] });
  }
  return [...groups.values()];
}

/** Whether a name ends as those of a layer's parts do, so that what is before it names the layer. */
export const namesLayer = (name: string): boolean => rankOf(name) < Infinity;

/** The name of the layer that a tensor of this name belongs to. */
export function layerName(name: string): string {
  const core = coreOf(name);
  const cut = lastSeparator(core);
  if (cut <= 0 || rankOf(name) === Infinity) return core || name || "(unnamed)";
  const numbered = isVariable(core, cut);
  const layer = numbered ? core.slice(0, cut - VARIABLES.length) : core.slice(0, cut);
  // Those of an optimizer belong to as many layers.
  return numbered && optimizer.test(layer) ? name : layer;
}

const coreOf = (name: string) => /[0E]$/.test(name) ? name.replace(suffix, "") : name;
const lastSeparator = (name: string) => Math.max(name.lastIndexOf("."), name.lastIndexOf("/"));
/** Keras 3 numbers the variables of a layer, its kernel first. */
const isVariable = (core: string, cut: number) =>
  cut > VARIABLES.length && core.endsWith(VARIABLES, cut) && /^\d{1,3}$/.test(core.slice(cut + 1));

/** How much a tensor of this name stands for its layer, 0 the most; infinite for no such part. */
function rankOf(name: string): number {
  const core = coreOf(name);
  const cut = lastSeparator(core);
  const last = core.slice(cut + 1);
  const rank = ranks.get(last);
  if (rank !== undefined) return last === "step" && optimizerRole(name) === null ? Infinity : rank;
  if (isVariable(core, cut)) return Number(last);
  return last.length > 9 && recurrent.test(last) ? ranks.size : Infinity;
}

/** The tensor that stands for a layer: the best known part, else the largest. */
export function mainTensor(tensors: readonly TensorInfo[]): TensorInfo {
  if (tensors.length === 1) return tensors[0]!;
  const ranked = tensors.map((tensor) => ({ tensor, rank: rankOf(tensor.name) }));
  ranked.sort((a, b) =>
    a.rank === b.rank
      ? elementCount(b.tensor.shape) - elementCount(a.tensor.shape)
      : a.rank - b.rank
  );
  return ranked[0]!.tensor;
}

/** What a name says that an optimizer keeps there; null for what is no optimizer's. */
export function optimizerRole(name: string): string | null {
  if (!hint.test(name)) return null;
  const parts = name.replace(suffix, "").split(/[/]|(?<=.)\./);
  const isState = parts.length === 1
    ? /^beta[12]_power$/.test(name)
    : parts.some((part) => optimizer.test(part)) || /[/]\.OPTIMIZER_SLOT[/]/.test(name);
  if (!isState || parts.includes(ownWeights)) return null;
  return moments.find(([pattern]) => pattern.test(name))?.[1] ?? "optimizer";
}

/** Whether names ascend within each dtype: writers that sort do it by dtype first, then by name. */
export function listedByName(tensors: readonly TensorInfo[]): boolean {
  const last = new Map<string, string>();
  return tensors.every(({ dtype, name }) => {
    const before = last.get(dtype);
    last.set(dtype, name);
    return before === undefined || before < name;
  });
}

/** Sorted with numbers by value: "blocks.2" before "blocks.10". */
export function naturally<T extends { readonly name: string }>(named: readonly T[]): T[] {
  const keyed = named.map((item) => ({ item, key: item.name.split(/(\d+)/) }));
  return keyed.sort((a, b) => compareParts(a.key, b.key)).map(({ item }) => item);
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
