import type { Captured, TensorInfo } from "../formats/format.ts";
import { rowMajor } from "../formats/format.ts";
import type { Network, NetworkNode } from "../formats/onnx/network.ts";
import type { Layer } from "../model/model.ts";
import { type Element, elements, isFraction } from "./elements.ts";
import type { Input } from "./inputs.ts";
import type { Results } from "./process.ts";

/** Operations that complete a layer, whose results its own then are. */
const activations: ReadonlySet<string> = new Set([
  ...["Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "ThresholdedRelu", "Clip", "Gelu"],
  ...["Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Softplus", "Softsign", "Mish"],
]);

/** What a network gave, as a capture holds it: what it was asked on among it. */
export function capturedOf(
  results: Results,
  inputs: readonly Input[],
  network: Network,
  layers: readonly Layer[],
): Captured[] {
  const layerOf = layersOf(network, layers);
  const softmaxes = new Set(
    network.nodes.filter(({ op }) => op === "Softmax").flatMap(({ outputs }) => outputs),
  );
  const taken = new Set(layers.map(({ name }) => name));
  const own = (name: string) => {
    let free = name;
    for (let n = 1; taken.has(free); n++) free = `${name}:${n}`;
    taken.add(free);
    return free;
  };
  const outputs = results.outputs.flatMap(({ name, type, shape, bytes }): Captured[] => {
    const element = elements.find(({ runtime }) => runtime === type)!;
    // Of whole numbers there are indices and shapes, which are no activations of anything.
    if (!isFraction(element) && !network.outputs.includes(name)) return [];
    const heads = softmaxes.has(name) ? headsOf(shape) : null;
    const kind = heads ? "attention" : "activation";
    const of = (heads ? undefined : layerOf.get(name)) ?? own(name);
    const tensor = tensorOf(`${heads ? "attn" : "act"}/${of}`, element, heads ?? shape, bytes);
    return [{ kind, of, tensor, value: name }];
  });
  const samples = inputs.map(({ name, element, shape, bytes }): Captured => {
    const tensor = tensorOf(`input/${name}`, element, shape, bytes);
    return { kind: "sample", of: own(name), tensor, value: name };
  });
  return [...outputs, ...samples];
}

/** A softmax's shape as attention: [heads, N, N]; null where it is none. */
function headsOf(shape: readonly number[]): readonly number[] | null {
  const [rows, columns] = shape.slice(-2);
  if (rows !== columns || shape.length < 2 || rows === 1) return null;
  if (shape.length < 4) return shape;
  return shape.length === 4 && shape[0] === 1 ? shape.slice(1) : null;
}

/**
 * The layer that a value is the activation of: what its weights compute, and then what only an
 * activation function makes of that.
 */
function layersOf({ nodes, outputs }: Network, layers: readonly Layer[]): Map<string, string> {
  const holders = new Map(
    layers.flatMap(({ name, tensors }) => tensors.map((tensor) => [tensor.name, name])),
  );
  const takers = new Map<string, NetworkNode[]>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      const known = takers.get(input);
      if (known) known.push(node);
      else takers.set(input, [node]);
    }
  }
  const last = new Map<string, string>();
  for (const { inputs, outputs: [value] } of nodes) {
    const layer = inputs.map((input) => holders.get(input)).find((name) => name !== undefined);
    if (layer !== undefined && value !== undefined) last.set(layer, value);
  }
  return new Map([...last].map(([layer, value]) => {
    const [next, ...others] = takers.get(value) ?? [];
    const completes = next && others.length === 0 && activations.has(next.op) &&
      !outputs.includes(value);
    return [completes ? next.outputs[0]! : value, layer];
  }));
}

/** In memory that workers share. */
function tensorOf(
  name: string,
  { dtype }: Element,
  shape: readonly number[],
  values: Uint8Array,
): TensorInfo {
  const bytes = new Uint8Array(new SharedArrayBuffer(values.length));
  bytes.set(values);
  return {
    ...{ name, dtype, shape, strides: rowMajor(shape), bigEndian: false },
    // A name of its own: the same is computed again and again.
    source: { kind: "memory", name: `${name} ${crypto.randomUUID()}`, bytes },
    ...{ offset: 0, bytes: values.length },
  };
}
