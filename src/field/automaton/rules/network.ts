import type { Dense, Ops } from "../../../compute/ops.ts";
import type { TensorInfo } from "../../../formats/format.ts";
import { malformed } from "../../../formats/malformed.ts";
import { safetensors } from "../../../formats/safetensors.ts";
import type { Source } from "../../../storage/source.ts";

/** The most channels and hidden neurons a network may have. */
const MOST = { channels: 64, hidden: 1024 } as const;

/** Two dense layers that make a cell's update of what it perceives, 3 numbers a channel. */
export interface Network {
  readonly channels: number;
  readonly hidden: Dense;
  readonly update: Dense;
}

/**
 * A neural automaton's layers from a safetensors file: `dense1.weight` [hidden, 3 · channels],
 * `dense1.bias` [hidden], `dense2.weight` [channels, hidden] and, if it is there, `dense2.bias`
 * [channels], in any element type; weights of 1 × 1 convolutions, [out, in, 1, 1], are the same. Inputs
 * are the cell's channels, then their slopes along x, then those along y. A file that has no such
 * tensors is a `FormatError` that names what was found and what was expected.
 */
export async function readNetwork(
  source: Source,
  ops: Ops,
  signal?: AbortSignal,
): Promise<Network> {
  const { tensors } = await safetensors.list(source, signal ? { signal } : {});
  const refuse = (name: string, found: string, expected: string) =>
    malformed(source.name, `tensor "${name}"`, found, expected);
  const find = (name: string) => tensors.find((tensor) => tensor.name === name);
  const need = (name: string): TensorInfo => {
    const tensor = find(name);
    if (!tensor) throw refuse(name, "missing", "one of a neural automaton's layers");
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

  return {
    channels,
    hidden: await layer(first, perceived, hidden, need("dense1.bias")),
    update: await layer(second, inputs, channels, find("dense2.bias")),
  };

  async function layer(
    tensor: TensorInfo,
    inputs: number,
    outputs: number,
    biases: TensorInfo | undefined,
  ): Promise<Dense> {
    if (biases && (biases.shape.length !== 1 || biases.shape[0] !== outputs)) {
      throw refuse(biases.name, `[${biases.shape}]`, `[${outputs}]`);
    }
    const rows = await read(tensor, inputs * outputs);
    const weights = rows.map((_, i) => rows[(i % outputs) * inputs + Math.floor(i / outputs)]!);
    const bias = biases ? await read(biases, outputs) : new Float32Array(outputs);
    return { inputs, outputs, weights, bias };
  }

  async function read({ name, dtype, offset, bytes }: TensorInfo, count: number) {
    const values = new Float32Array(count);
    const stored = await source.read(offset, bytes, signal);
    const packed = { dtype, bigEndian: false, width: count, rows: 1, pitch: bytes };
    ops.frame(() => ops.decode(stored, packed, { values, start: 0, pitch: count }));
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw refuse(name, `${values[bad]} at ${bad}`, "finite numbers");
    return values;
  }
}
