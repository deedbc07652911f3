import type { TensorInfo } from "../formats/format.ts";

const norms = /(^|[^a-z])(bn|ln|gn)\d*([^a-z]|$)|norm/i;
const attention =
  /(^|[^a-z])(mha|qkv|[qkvo]_proj|query|key|value|w[qkvo])([^a-z]|$)|att(n|ention)/i;
const embedding = /(^|[^a-z])(wte|wpe|tokens?|positions?|vocab)([^a-z]|$)|emb/i;
const recurrent = /(^|[./])(weight_hh|recurrent_kernel|bias_hh)(_|:|$)/;
const recurrentLayer = /(^|[./])(lstm|gru|(simple_)?rnn)(_\d+)?([./]|$)/i;

/** A layer as far as its kind depends on it. */
interface Described {
  readonly name: string;
  readonly main: TensorInfo;
  readonly tensors: readonly TensorInfo[];
  readonly role: string | null;
  /** Whether its main tensor is called a weight, as those of layers are. */
  readonly isWeight: boolean;
}

/**
 * What names and shapes suggest that a layer is: linear, convolution, embedding, norm, attention,
 * recurrent, vector, scalar, optimizer, or just a tensor.
 */
export function kindOf({ name, main, tensors, role, isWeight }: Described): string {
  const axes = main.shape.length;
  if (role?.startsWith("optimizer")) return "optimizer";
  if (axes === 0) return "scalar";
  if (axes === 1) return norms.test(name) || tensors.some(isNorms) ? "norm" : "vector";
  if (tensors.some((tensor) => recurrent.test(tensor.name))) return "recurrent";
  // A causal mask is called "bias", and has the axes of a convolution.
  if (/(^|[./])bias$/.test(main.name) && axes > 2) return "tensor";
  if (axes === 4 || axes === 5 || (axes === 3 && /conv/i.test(name))) return "convolution";
  if (role?.startsWith("embedding")) return "embedding";
  if (axes !== 2) return "tensor";
  if (isWeight && (role === "head" || role?.startsWith("mlp"))) return "linear";
  if (embedding.test(name)) return "embedding";
  if (isWeight && recurrentLayer.test(name)) return "recurrent";
  if (attention.test(name) || role?.includes("attention")) return "attention";
  return isWeight ? "linear" : "tensor";
}

const isNorms = ({ name }: TensorInfo) => /(running|moving)_(mean|var)|gamma/.test(name);
