import type { Graph, TensorInfo } from "./format.ts";

/**
 * How weights lie in a file that does not keep them as [output, input, space…]. `last`: as
 * [space…, input, output], so a dense one as [input, output]. `before last`: as [space…, output,
 * input], those of transposed convolutions, or [space…, channel, multiplier], depthwise ones.
 * `second`: as [input, output, space…]. `matrix`: as [input, output], if they are a matrix at all.
 */
export type Kernel = "last" | "before last" | "second" | "matrix";

/** A tensor with the layout of such a kernel. */
export function withKernel(tensor: TensorInfo, kernel: Kernel | undefined): TensorInfo {
  const layout = kernel && layoutOf(kernel, tensor.shape.length);
  return layout ? { ...tensor, layout } : tensor;
}

const layouts = new Map<string, readonly number[] | undefined>();

/** The same list for many tensors alike; undefined for a number of axes that such a kernel has not. */
function layoutOf(kernel: Kernel, rank: number): readonly number[] | undefined {
  const key = `${kernel} ${rank}`;
  if (!layouts.has(key)) layouts.set(key, makeLayout(kernel, rank));
  return layouts.get(key);
}

function makeLayout(kernel: Kernel, rank: number): readonly number[] | undefined {
  const turn = (output: number, input: number) => {
    const axes = Array.from({ length: rank }, (_, axis) => axis);
    return [output, input, ...axes.filter((axis) => axis !== output && axis !== input)];
  };
  if (kernel === "last" && rank > 1) return turn(rank - 1, rank - 2);
  if (kernel === "before last" && rank > 2) return turn(rank - 2, rank - 1);
  if (kernel === "second" && rank > 1) return turn(1, 0);
  if (kernel === "matrix" && rank === 2) return turn(1, 0);
}

const kernels = /^((recurrent|pointwise|depthwise)_)?kernel$/;
const turned = /depthwise|transpose/i;
/** Parts of attention, whose kernels have an axis for heads. */
const toHeads = /^(query|key|value)(_dense)?$/;
const fromHeads = /^(attention_output|output_dense)$/;

/**
 * A tensor with the layout that Keras gives what it calls so: "conv/kernel:0", or
 * "layers/conv2d/vars/0", where groups are called like their layers' classes. `layer` is the class,
 * if it is known.
 */
export function withNamedKernel(
  tensor: TensorInfo,
  layer = "",
  name: string = tensor.name,
): TensorInfo {
  const parts = name.replace(/:0$/, "").split("/");
  const numbered = parts.at(-2) === "vars";
  const owner = parts.at(numbered ? -3 : -2) ?? "";
  const about = `${layer} ${owner}`.replaceAll("_", "").toLowerCase();
  const last = numbered ? variable(about, Number(parts.at(-1))) : parts.at(-1)!;
  if (!kernels.test(last)) return tensor;
  if (tensor.shape.length === 3 && toHeads.test(owner)) return { ...tensor, layout: [1, 2, 0] };
  if (tensor.shape.length === 3 && fromHeads.test(owner)) return { ...tensor, layout: [2, 0, 1] };
  const isTurned = last === "kernel" ? turned.test(layer || owner) : last === "depthwise_kernel";
  return withKernel(tensor, isTurned ? "before last" : "last");
}

/** What a layer's numbered variable is. */
function variable(about: string, number: number): string {
  const names = /separableconv/.test(about)
    ? ["depthwise_kernel", "pointwise_kernel"]
    : /lstm|gru|rnn|cell/.test(about)
    ? ["kernel", "recurrent_kernel"]
    : /dense|conv|timedistributed/.test(about)
    ? ["kernel"]
    : [];
  return names[number] ?? "";
}

/** Tensors of a Keras model, the classes of their layers in its graph. */
export function withNamedKernels(
  tensors: readonly TensorInfo[],
  graph: Graph | undefined,
): TensorInfo[] {
  const layers = new Map<string, string>();
  for (const { op, tensors } of graph?.nodes ?? []) {
    if (tensors.length === 0 || layers.has(tensors[0]!)) continue; // called once more
    for (const name of tensors) layers.set(name, op);
  }
  return tensors.map((tensor) =>
    /^optimizer/.test(tensor.name)
      ? withLikelyKernel(tensor)
      : withNamedKernel(tensor, layers.get(tensor.name))
  );
}

/** The longest side of a kernel's space, where nothing but its shape tells that it is one. */
const LONGEST = 31;

/** Four or five axes of numbers with a fraction, all but two short: most likely a convolution's. */
export function withLikelyKernel(tensor: TensorInfo): TensorInfo {
  const { name, dtype, shape } = tensor;
  const isKernel = (shape.length === 4 || shape.length === 5) && /^B?F\d/.test(dtype) &&
    shape.slice(0, -2).every((side) => side <= LONGEST) && !/embed|bias|position/i.test(name);
  return withKernel(tensor, isKernel ? "last" : undefined);
}
