import type { Dense, Ops } from "../../../compute/ops.ts";
import {
  isBlocked,
  type Listing,
  type MetadataValue,
  rowMajor,
  type TensorInfo,
} from "../../../formats/format.ts";
import { malformed, show } from "../../../formats/malformed.ts";

/** The most channels and hidden neurons a network may have. */
const MOST = { channels: 64, hidden: 1024 } as const;

/**
 * Cells die, all channels 0, unless one of them and their neighbours on the plane has more than
 * `threshold` in a channel, both before and after a step.
 */
export interface Alive {
  readonly channel: number;
  readonly threshold: number;
}

/** Two dense layers that make a cell's update of what it perceives, 3 numbers a channel. */
export interface Network {
  readonly channels: number;
  readonly hidden: Dense;
  readonly update: Dense;
  /** What it was trained with; null where none die. */
  readonly alive: Alive | null;
}

/** A layer's tensors, and what they are good for. */
interface LayerPlan {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: TensorInfo;
  readonly bias: TensorInfo | null;
}

/** Where a network's numbers lie; plain data. */
export interface NetworkPlan extends Pick<Network, "channels" | "alive"> {
  /** The file, or the model, as messages name it. */
  readonly name: string;
  readonly hidden: LayerPlan;
  readonly update: LayerPlan;
}

/**
 * A neural automaton's layers among a file's tensors: `dense1.weight` [hidden, 3 · channels],
 * `dense1.bias` [hidden], `dense2.weight` [channels, hidden] and, if it is there, `dense2.bias`
 * [channels], in any element type of the safetensors format; weights of 1 × 1 convolutions,
 * [out, in, 1, 1], are the same. Inputs are the cell's channels, then their slopes along x, then those
 * along y. Metadata may say `alive`: a channel and a threshold, such as "3 0.1". Where there are no such
 * tensors: a `FormatError` that names what was found and what was expected.
 */
export function planNetwork(
  name: string,
  { tensors, metadata }: Pick<Listing, "tensors" | "metadata">,
): NetworkPlan {
  const refuse = (tensor: string, found: string, expected: string) =>
    malformed(name, `tensor "${tensor}"`, found, expected);
  const find = (name: string) => tensors.find((tensor) => tensor.name === name);
  const need = (name: string): TensorInfo => {
    const tensor = find(name);
    if (!tensor) throw refuse(name, "missing", "one of a neural automaton's layers");
    if (isBlocked(tensor.dtype) || tensor.composed || tensor.affine) {
      throw refuse(name, `packed as ${tensor.dtype}`, "plain numbers");
    }
    if (tensor.strides.some((stride, axis) => stride !== rowMajor(tensor.shape)[axis])) {
      throw refuse(name, "kept in another order", "row-major");
    }
    return tensor;
  };
  const weights = (name: string): [tensor: TensorInfo, out: number, inputs: number] => {
    const tensor = need(name), [out = 0, inputs = 0, ...rest] = tensor.shape;
    const isMatrix = tensor.shape.length >= 2 && rest.every((side) => side === 1);
    if (!isMatrix) throw refuse(name, `[${tensor.shape}]`, "a matrix, [out, in]");
    return [tensor, out, inputs];
  };

  const [first, hidden, perceived] = weights("dense1.weight");
  const [second, channels, inputs] = weights("dense2.weight");
  const fits = (name: string, found: number, most: number) => {
    if (found >= 1 && found <= most) return;
    throw refuse(name, `for ${found} outputs`, `1 to ${most} outputs`);
  };
  fits("dense1.weight", hidden, MOST.hidden);
  fits("dense2.weight", channels, MOST.channels);
  if (perceived !== 3 * channels) {
    const expected = `[${hidden}, ${3 * channels}], 3 inputs for each of ${channels} channels`;
    throw refuse("dense1.weight", `[${first.shape}]`, expected);
  }
  if (inputs !== hidden) {
    throw refuse("dense2.weight", `[${second.shape}]`, `[${channels}, ${hidden}]`);
  }
  const layer = (weights: TensorInfo, inputs: number, outputs: number, name: string) => {
    const bias = name === "dense2.bias" && !find(name) ? null : need(name);
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== outputs)) {
      throw refuse(name, `[${bias.shape}]`, `[${outputs}]`);
    }
    return { inputs, outputs, weights, bias };
  };
  return {
    name,
    channels,
    hidden: layer(first, perceived, hidden, "dense1.bias"),
    update: layer(second, inputs, channels, "dense2.bias"),
    alive: aliveOf(name, metadata["alive"], channels),
  };
}

function aliveOf(name: string, text: MetadataValue | undefined, channels: number): Alive | null {
  if (text === undefined) return null;
  const [, channel, threshold] = String(text).match(/^(\d+) (\d+(?:\.\d+)?)$/) ?? [];
  if (Number(channel) < channels) return { channel: Number(channel), threshold: Number(threshold) };
  const expected = `a channel from 0 to ${channels - 1} and a threshold, such as "3 0.1"`;
  throw malformed(name, 'metadata "alive"', show(text), expected);
}

/** A network's numbers, by `read`, which answers a tensor's bytes. Throws `FormatError` for what is not finite. */
export function fillNetwork(
  { name, channels, alive, hidden, update }: NetworkPlan,
  read: (tensor: TensorInfo) => Uint8Array,
  ops: Ops,
): Network {
  return { channels, alive, hidden: layer(hidden), update: layer(update) };

  function layer({ inputs, outputs, weights, bias }: LayerPlan): Dense {
    // A layer takes its weights input by input.
    const rows = numbers(weights, inputs * outputs);
    return {
      inputs,
      outputs,
      weights: rows.map((_, i) => rows[(i % outputs) * inputs + Math.floor(i / outputs)]!),
      bias: bias ? numbers(bias, outputs) : new Float32Array(outputs),
    };
  }

  function numbers(tensor: TensorInfo, count: number): Float32Array {
    const { dtype, bigEndian, bytes } = tensor, values = new Float32Array(count);
    const stored = read(tensor);
    const packed = { dtype, bigEndian, width: count, rows: 1, pitch: bytes };
    ops.frame(() => ops.decode(stored, packed, { values, start: 0, pitch: count }));
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return values;
    throw malformed(name, `tensor "${tensor.name}"`, `${values[bad]} at ${bad}`, "finite numbers");
  }
}
