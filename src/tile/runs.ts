import { BadRequest, Overloaded } from "../errors.ts";
import type { Catalogue } from "../model/catalogue.ts";
import { bytesOfRun, liveModel, type Run } from "../model/live.ts";
import type { Model } from "../model/model.ts";
import type { Reach } from "../model/place.ts";
import { type Asked, forward, type Limits, type Ran } from "../run/forward.ts";

/** What running networks may use. */
export interface RunOptions extends Limits {
  /** Bytes of what all runs computed that are kept. */
  readonly kept: number;
  /** Runs of one network that are kept. */
  readonly steps: number;
}

const usual: RunOptions = { time: 30_000, bytes: 256 << 20, kept: 512 << 20, steps: 16 };

/** A network that was run, and the model that holds what it computed. */
export interface Forward extends Ran {
  readonly model: Model;
  readonly step: number;
}

interface Live {
  /** The network, as it was opened then. */
  readonly network: Model;
  readonly id: string;
  readonly runs: readonly Run[];
}

/** What networks computed in runs, kept in memory as models with a step a run. */
export class Runs {
  readonly #options: RunOptions;
  /** By the network's id. */
  readonly #live = new Map<string, Live>();
  #last = 0;
  #busy = false;

  /** `changed` is told the id of each model that is another from now on. */
  constructor(
    private readonly catalogue: Catalogue,
    private readonly changed: (id: string) => void,
    options: Partial<RunOptions> = {},
  ) {
    this.#options = { ...usual, ...options };
  }

  /** Whether a model is one of those. */
  holds(id: string): boolean {
    return this.#live.values().some((live) => live.id === id);
  }

  /** Runs a network. Throws what `forward` throws, and `Overloaded` while another one runs. */
  async run(network: Model, asked: Asked, reach: Reach): Promise<Forward> {
    if (this.holds(network.id)) {
      throw new BadRequest(`model "${network.id}" holds runs of another: run that one`, {
        model: network.id,
      });
    }
    if (this.#busy) {
      throw new Overloaded("another network is being run: ask again", { retryAfter: 1 });
    }
    this.#busy = true;
    try {
      const { path } = this.catalogue.whence(network.id);
      const ran = await forward(network, path, asked, this.#options, reach);
      // It may have changed or gone meanwhile.
      if (this.catalogue.current(network.id) !== network) network.check();
      const step = ++this.#last;
      return { ...ran, step, model: this.#keep(network, ran, step) };
    } finally {
      this.#busy = false;
    }
  }

  /** Lets go of the runs of a network, or of those that a model holds. */
  forget(id: string): void {
    const live = this.#live.values().find((live) => live.network.id === id || live.id === id);
    if (!live) return;
    this.#live.delete(live.network.id);
    if (this.#isThere(live.id)) this.catalogue.remove(live.id);
    this.changed(live.id);
  }

  #keep(network: Model, { captured, results, operations, outputs }: Ran, step: number): Model {
    const before = this.#live.get(network.id);
    const facts = { seconds: Number(results.seconds.toFixed(3)), at: new Date().toISOString() };
    const version = crypto.randomUUID();
    const run: Run = { step, facts, captured, operations, outputs, version };
    const runs = [...before?.runs ?? [], run].slice(-this.#options.steps);
    const id = before && this.#isThere(before.id) ? before.id : undefined;
    const model = this.#show(network, runs, id);
    this.#bound();
    return model;
  }

  #show(network: Model, runs: readonly Run[], before?: string): Model {
    const make = (id: string) => liveModel(network, id, runs);
    const model = this.catalogue.keep(`${network.id}-live`, make, before);
    this.#live.delete(network.id);
    this.#live.set(network.id, { network, id: model.id, runs });
    this.changed(model.id);
    return model;
  }

  /** Lets go of the oldest runs until all fit, but for the last one. */
  #bound(): void {
    for (;;) {
      const all = [...this.#live.values()];
      const runs = all.flatMap(({ runs }) => runs);
      const total = runs.reduce((sum, run) => sum + bytesOfRun(run), 0);
      if (total <= this.#options.kept || runs.length < 2) return;
      const oldest = Math.min(...runs.map(({ step }) => step));
      const live = all.find(({ runs }) => runs[0]!.step === oldest)!;
      if (live.runs.length === 1) this.forget(live.network.id);
      else this.#show(live.network, live.runs.slice(1), live.id);
    }
  }

  #isThere(id: string): boolean {
    return this.catalogue.models().some((model) => model.id === id);
  }
}
