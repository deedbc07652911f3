import { MemorySource } from "../../../src/storage/memory.ts";
import { normal } from "../../compute/samples.ts";

/** Tensors of float32 by name, with their shapes. */
export type Tensors = Record<
  string,
  { readonly shape: readonly number[]; readonly values: Float32Array }
>;

/** Tensors as a safetensors file. */
export function fileOf(tensors: Tensors): MemorySource {
  let end = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, values }]) => {
      const begin = end;
      end += values.byteLength;
      return [name, { dtype: "F32", shape, data_offsets: [begin, end] }];
    }),
  );
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  let at = 8 + text.length;
  for (const { values } of Object.values(tensors)) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return new MemorySource("rule.safetensors", bytes);
}

/** Tensors of a network with small random weights. */
export const tensorsOf = (channels: number, hidden: number): Tensors => ({
  "dense1.weight": { shape: [hidden, 3 * channels], values: normal(hidden * 3 * channels, 1, 0.4) },
  "dense1.bias": { shape: [hidden], values: normal(hidden, 2, 0.1) },
  "dense2.weight": { shape: [channels, hidden], values: normal(channels * hidden, 3, 0.2) },
});

/** What a cell's update is, in float64, from rows of weights as the file has them. */
export function updateOf(tensors: Tensors, perceived: readonly number[]): number[] {
  const rows = (name: string, inputs: readonly number[]) => {
    const { shape: [outputs], values } = tensors[name]!;
    return Array.from({ length: outputs! }, (_, j) => {
      return inputs.reduce((sum, input, k) => sum + input * values[j * inputs.length + k]!, 0);
    });
  };
  const bias = tensors["dense1.bias"]!.values;
  const neurons = rows("dense1.weight", perceived).map((sum, j) => Math.max(0, sum + bias[j]!));
  return rows("dense2.weight", neurons);
}
