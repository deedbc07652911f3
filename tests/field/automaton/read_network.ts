import type { Ops } from "../../../src/compute/ops.ts";
import {
  fillNetwork,
  type Network,
  planNetwork,
} from "../../../src/field/automaton/rules/network.ts";
import type { TensorInfo } from "../../../src/formats/format.ts";
import { safetensors } from "../../../src/formats/safetensors.ts";
import type { Source } from "../../../src/storage/source.ts";

/** A neural automaton from a safetensors file, as `planNetwork` wants it. */
export async function readNetwork(source: Source, ops: Ops): Promise<Network> {
  const listing = await safetensors.list(source, {}), stored = new Map<TensorInfo, Uint8Array>();
  for (const tensor of listing.tensors) {
    stored.set(tensor, await source.read(tensor.offset, tensor.bytes));
  }
  const plan = planNetwork(source.name, listing);
  return fillNetwork(plan, (tensor) => stored.get(tensor)!, ops);
}
