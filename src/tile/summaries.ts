import { isSmall } from "../analysis/spectrum.ts";
import { SINGULAR_VALUES, type Summary } from "../analysis/summary.ts";
import { elementCount } from "../formats/format.ts";
import { SingleFlight } from "../storage/flight.ts";
import { LruCache } from "../storage/lru.ts";
import type { Job } from "./job.ts";
import type { LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import { singularOf } from "./singular.ts";

/** Elements up to which singular values are computed: seconds, not minutes. */
const SPECTRUM = 1 << 27;
/** Bytes of summaries kept. */
const KEPT = 16 << 20;

/** Summaries of layers: each is made once, one after the other, so that a worker is left for tiles. */
export class Summaries {
  readonly #layers: Layers;
  readonly #known = new LruCache<Summary>(KEPT);
  readonly #flight = new SingleFlight<Summary>();
  #last = Promise.resolve();

  constructor(layers: Layers) {
    this.#layers = layers;
  }

  /** The summary of a layer. Throws what `Layers.run` throws. */
  async of(entry: LayerEntry, signal?: AbortSignal): Promise<Summary> {
    const known = this.#known.get(entry.id);
    if (known) return known;
    return await this.#flight.run(entry.id, (signal) => this.#make(entry, signal), signal);
  }

  async #make(entry: LayerEntry, signal: AbortSignal): Promise<Summary> {
    // What has been fetched for a summary is all that exact facts need.
    const facts = entry.fetch !== null;
    await this.#layers.ready(entry, { facts, channels: "none", pyramid: false }, signal);
    const before = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = turn.promise;
    try {
      await before;
      const singular = await this.#singular(entry, signal);
      const job: Job = { kind: "summary", context: entry.id, singular };
      const summary = await this.#layers.run<Summary>(entry, job, signal, "long");
      this.#known.set(entry.id, summary, JSON.stringify(summary).length);
      return summary;
    } finally {
      turn.resolve();
    }
  }

  /** The largest singular values of what is too large for all of them. */
  async #singular(entry: LayerEntry, signal: AbortSignal): Promise<readonly number[] | null> {
    const { shape } = entry.plane.tensor, cells = elementCount(shape);
    if (cells === 0 || cells > SPECTRUM) return null;
    if (isSmall({ rows: shape[0]!, columns: cells / shape[0]! })) return null;
    const svd = await singularOf(this.#layers, entry, SINGULAR_VALUES, signal);
    return svd && [...svd.values.subarray(0, Math.max(1, svd.converged))];
  }
}
