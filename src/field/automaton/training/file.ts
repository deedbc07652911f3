import type { Dense } from "../../../compute/ops.ts";
import type { Network } from "../rules/network.ts";

/** Tensors begin at a multiple of this, counted from the file's start. */
const ALIGNMENT = 8;

/** A network as a safetensors file, as `planNetwork` reads it, with metadata of one's own. */
export function fileOf(
  { hidden, update, alive }: Network,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const tensors: readonly [name: string, shape: readonly number[], values: Float32Array][] = [
    ["dense1.weight", [hidden.outputs, hidden.inputs], rowsOf(hidden)],
    ["dense1.bias", [hidden.outputs], hidden.bias],
    ["dense2.weight", [update.outputs, update.inputs], rowsOf(update)],
    ["dense2.bias", [update.outputs], update.bias],
  ];
  const life = alive ? { alive: `${alive.channel} ${alive.threshold}` } : {};
  const header: Record<string, unknown> = { __metadata__: { ...metadata, ...life } };
  let end = 0;
  for (const [name, shape, values] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, end += values.byteLength] };
  }
  const encoded = new TextEncoder().encode(JSON.stringify(header));
  const start = Math.ceil((8 + encoded.length) / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(start + end), view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(start - 8), true);
  file.fill(0x20, 8, start);
  file.set(encoded, 8);
  let at = start;
  for (const [, , values] of tensors) {
    for (const value of values) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  return file;
}

/** Weights output by output. */
function rowsOf({ inputs, outputs, weights }: Dense): Float32Array {
  return weights.map((_, i) => weights[(i % inputs) * outputs + Math.floor(i / inputs)]!);
}
