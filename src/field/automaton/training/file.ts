import type { Dense } from "../../../compute/ops.ts";
import { safetensorsFile } from "../../../formats/safetensors_file.ts";
import { join } from "../../../storage/join.ts";
import type { Network } from "../rules/network.ts";

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
  const written = tensors.map(([name, shape, values]) => {
    const bytes = new Uint8Array(values.byteLength), view = new DataView(bytes.buffer);
    values.forEach((value, i) => view.setFloat32(4 * i, value, true));
    return { name, dtype: "F32", shape, bytes };
  });
  return join([...safetensorsFile(written, { ...metadata, ...life })]);
}

/** Weights output by output. */
function rowsOf({ inputs, outputs, weights }: Dense): Float32Array {
  return weights.map((_, i) => weights[(i % inputs) * outputs + Math.floor(i / inputs)]!);
}
