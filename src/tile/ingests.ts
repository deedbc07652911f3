import { Changed, type CorruptChunk, NotFound, OutOfSpace, Unreadable } from "../errors.ts";
import type { Layout } from "../field/layout.ts";
import { collectStores } from "../field/store/collect.ts";
import { ModelStore } from "../field/store/model_store.ts";
import { gradientsOf } from "../model/captured.ts";
import type { Model } from "../model/model.ts";
import { Ingest, type IngestState } from "./ingest.ts";
import type { Findings } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import type { Found } from "./record.ts";
import { isFar } from "./remote.ts";

/** Where pyramids are kept, and whether they are made without being asked for. */
export interface StoreOptions {
  /** Holds a folder a model. */
  readonly folder: string;
  /** Whether models are read to their end in the background as soon as they are opened. */
  readonly background: boolean;
  /** Bytes that all models' stores may take: those used longest ago are removed. */
  readonly limit?: number;
  /** Hears of what goes wrong where nobody waits for it. */
  readonly tell?: (message: string) => void;
}

/** What listeners are told. */
export type EngineEvent =
  | ({ readonly kind: "ingest" } & IngestState)
  | {
    /** A layer has been read to its end: pictures of it are exact from now on. */
    readonly kind: "layer";
    readonly model: string;
    readonly version: string;
    readonly tensor: string;
  };

/** What becomes of what is found. */
export interface MapsOfIngests {
  layout(model: Model): Layout;
  /** Makes sure that something is known of every layer. */
  look(model: Model, signal: AbortSignal): Promise<void>;
  take(model: Model, plane: number, found: Found): void;
}

/** Parameters up to which a model is read sooner than an estimate of it would be missed. */
const SOON = 1 << 22;
/** Days after which a store that nobody used is removed. */
const MOST_DAYS = 90;
/** Milliseconds between two words of progress. */
const PACE = 200;

interface Running {
  readonly ingest: Ingest;
  readonly stop: AbortController;
  said: number;
  /** Resolves when nothing is being read or written. */
  work: Promise<unknown>;
}

/** The ingests of the models that are open, one after the other. */
export class Ingests {
  readonly #running = new Map<string, Running>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: StoreOptions | undefined,
    private readonly layers: Layers,
    private readonly maps: MapsOfIngests,
    private readonly tell: (event: EngineEvent) => void,
  ) {}

  /** The ingest of a model, begun in the background where that is wanted. */
  open(model: Model): Ingest | undefined {
    const known = this.#running.get(model.id);
    if (known?.ingest.model === model) return known.ingest;
    void this.forget(model.id); // which ends by itself
    if (!this.options || !isWorthwhile(model, this.options)) return undefined;
    const ingest = this.#attempt(model, this.options);
    if (ingest && this.options.background) this.#inBackground(model.id);
    return ingest;
  }

  of(model: Model): Ingest | undefined {
    const known = this.#running.get(model.id);
    return known?.ingest.model === model ? known.ingest : undefined;
  }

  findings(id: string): Findings | undefined {
    return this.#running.get(id)?.ingest;
  }

  /** Reads what has not been read of a model, once those before it are done. */
  start(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (!running) return Promise.resolve();
    const { ingest, stop: { signal } } = running;
    const work = this.#last.then(async () => {
      if (signal.aborted) return;
      // The whole of a map is wanted sooner than any of it exactly.
      if (this.options?.background) await this.maps.look(ingest.model, signal);
      await ingest.run(signal);
      await this.#collect(signal);
    });
    this.#last = running.work = work.catch(() => {}); // whoever asked hears of it; the next goes on
    return work;
  }

  #inBackground(id: string): void {
    this.start(id).catch((error) => {
      // A model that has changed or gone is opened again when it is asked for.
      if (error instanceof Changed) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.options?.tell?.(`"${id}" is not read any further: ${reason}`);
    });
  }

  async #collect(signal: AbortSignal): Promise<void> {
    if (this.options?.limit === undefined) return;
    const keep = this.#running.values().map(({ ingest }) => ingest.store.folder);
    const { folder, limit } = this.options;
    await collectStores(folder, { limit, maxAgeDays: MOST_DAYS, keep, signal });
  }

  /** Reads all of a model. The signal's end ends it. */
  async finish(model: Model, signal?: AbortSignal): Promise<void> {
    const { id } = model, stop = () => void this.forget(id);
    signal?.throwIfAborted();
    this.open(model);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await this.start(id);
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Has an ingest rest, or go on. Throws `NotFound` where there is none of the model. */
  set(model: Model, state: "paused" | "running"): IngestState {
    const { id } = model, ingest = this.of(model);
    if (!ingest) {
      throw new NotFound(`model "${id}" is read only as far as it is looked at`, { model: id });
    }
    if (state === "paused") ingest.pause();
    else this.resume(model);
    return ingest.state;
  }

  /** Lets an ingest that rests or has failed go on. */
  resume(model: Model): void {
    if (this.of(model)?.resume()) this.#inBackground(model.id);
  }

  /** Ends the ingest of any version of a model; resolves when its last job is over. */
  async forget(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (!running) return;
    this.#running.delete(id);
    running.stop.abort(new Changed(`the model "${id}" is no longer open`, { model: id }));
    await running.work;
    running.ingest.store.close();
  }

  /** Has a layer read again whose chunk on disk is damaged. False where none of them is. */
  distrust(error: CorruptChunk): boolean {
    for (const [id, { ingest }] of this.#running) {
      const tensor = ingest.tensorAt(String(error.details["folder"]));
      if (tensor === null) continue;
      if (ingest.distrust(tensor)) this.#inBackground(id);
      this.layers.distrust(ingest.model, tensor);
      return true;
    }
    return false;
  }

  /** Ends all of them, in good order: nothing is left half written. */
  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.forget(id)));
  }

  /** A model whose store cannot be opened is shown without one, where nobody asked for it. */
  #attempt(model: Model, options: StoreOptions): Ingest | undefined {
    try {
      return this.#make(model, options);
    } catch (error) {
      const ours = error instanceof Unreadable || error instanceof OutOfSpace;
      if (!ours || !options.background) throw error;
      options.tell?.(`"${model.id}" is read only as far as it is looked at: ${error.message}`);
    }
  }

  #make(model: Model, { folder }: StoreOptions): Ingest {
    const layout = this.maps.layout(model);
    const store = ModelStore.open(folder, {
      // A store made before captured gradients were looked at has none of them.
      key: gradientsOf(model.layers).size > 0 ? `${model.version} with gradients` : model.version,
      title: model.title,
      format: model.format,
      layers: layout.planes.map(({ plane: { tensor, width, height, runsDown } }) => {
        const { name, dtype, shape } = tensor;
        return { name, dtype, shape, width, height, runsDown };
      }),
    });
    const { id, version } = model;
    const ingest: Ingest = new Ingest(model, layout, this.layers, store, {
      found: (plane, found) => {
        this.maps.take(model, plane, found);
        const { tensor } = layout.planes[plane]!.plane;
        this.tell({ kind: "layer", model: id, version, tensor: tensor.name });
      },
      progress: () => this.#progress(id),
    });
    const work = Promise.resolve();
    this.#running.set(id, { ingest, stop: new AbortController(), said: -Infinity, work });
    return ingest;
  }

  #progress(id: string): void {
    const running = this.#running.get(id);
    if (!running) return;
    const { state } = running.ingest;
    const now = performance.now();
    if (state.state === "running" && now - running.said < PACE) return;
    running.said = now;
    this.tell({ kind: "ingest", ...state });
  }
}

/** Whether a model lies at hand, and is large enough that not all of it is measured at once. */
function isWorthwhile(model: Model, { background }: StoreOptions): boolean {
  if (model.tensors.some(({ source }) => isFar(source))) return !background;
  return !background || model.parameters > SOON;
}
