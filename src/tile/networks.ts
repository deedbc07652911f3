import type { Ops } from "../compute/ops.ts";
import { BadRequest, FormatError, NotFound } from "../errors.ts";
import type { SyncSource } from "../field/cells.ts";
import {
  fillNetwork,
  type Network,
  type NetworkPlan,
  planNetwork,
} from "../field/automaton/rules/network.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { Model } from "../model/model.ts";
import type { Guest, Mode, Options } from "../modes/mode.ts";
import { SingleFlight } from "../storage/flight.ts";
import { LruCache } from "../storage/lru.ts";
import type { Layers } from "./layers.ts";

/** Numbers of networks that are kept. */
const KEPT = 1 << 22;

/** A model that is a mode's network. */
export interface NetworkModel {
  readonly model: Model;
  readonly plan: NetworkPlan;
}

/**
 * The model that options draw with; null where there is none. Throws `BadRequest` where it is not open,
 * or no network.
 */
export function networkOf(
  mode: Mode,
  options: Options,
  modelOf: (id: string) => Model,
): NetworkModel | null {
  const id = mode.network?.(options) ?? null;
  if (id === null) return null;
  try {
    const model = modelOf(id);
    return { model, plan: planNetwork(id, model) };
  } catch (error) {
    if (!(error instanceof NotFound || error instanceof FormatError)) throw error;
    const details = { parameter: "network", ...error.details };
    throw new BadRequest(`network: ${error.message}`, details, error);
  }
}

/** Networks that were drawn with lately. */
export class Networks {
  readonly #known = new LruCache<Guest>(KEPT);
  readonly #flight = new SingleFlight<Guest>();

  constructor(private readonly layers: Layers) {}

  /** A network with its numbers, which a worker reads. Throws `FormatError` for those that are none. */
  async of({ model, plan }: NetworkModel, signal?: AbortSignal): Promise<Guest> {
    const version = versionOf(model);
    const known = this.#known.get(version);
    if (known) return known;
    return await this.#flight.run(version, async (signal) => {
      const job = { kind: "network", context: "", plan } as const;
      const network = await this.layers.runFree<Network>(job, signal, model.fetch);
      const guest = { version, network };
      this.#known.set(version, guest, 4 * network.channels * network.hidden.outputs);
      return guest;
    }, signal);
  }
}

/** What tells a network from others. */
export const versionOf = ({ id, version }: Model): string => `${id} ${version}`;

/** A network's numbers, from sources that need not wait. */
export function readNumbers(
  plan: NetworkPlan,
  open: (tensor: TensorInfo) => SyncSource,
  ops: Ops,
): Network {
  const used = new Set<SyncSource>();
  const network = fillNetwork(plan, (tensor) => {
    const source = open(tensor), bytes = new Uint8Array(tensor.bytes);
    used.add(source);
    source.readSync(tensor.offset, bytes);
    return bytes;
  }, ops);
  for (const source of used) source.check();
  return network;
}
