import { isSmall } from "../analysis/spectrum.ts";
import {
  type LayerSummary,
  SINGULAR_ELEMENTS,
  SINGULAR_VALUES,
  type Summarised,
  type TensorSummary,
  withGradient,
} from "../analysis/summary.ts";
import { elementCount, type TensorInfo } from "../formats/format.ts";
import { capturedOf } from "../model/captured.ts";
import type { Layer, Model } from "../model/model.ts";
import { SingleFlight } from "../storage/flight.ts";
import { LruCache } from "../storage/lru.ts";
import type { Job } from "./job.ts";
import type { LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import { singularOf } from "./singular.ts";
import { findLayer } from "./view.ts";

type Measured = Summarised<TensorSummary>;

/** Bytes of summaries kept. */
const KEPT = 16 << 20;

/** Summaries of layers: each is made once, one after the other, so that a worker is left for tiles. */
export class Summaries {
  readonly #layers: Layers;
  readonly #known = new LruCache<Measured>(KEPT);
  readonly #flight = new SingleFlight<Measured>();
  #last = Promise.resolve();

  constructor(layers: Layers) {
    this.#layers = layers;
  }

  /**
   * The summary of a layer, or of what a capture has of one. Throws `NotFound` and what `Layers.run`
   * throws.
   */
  async of(model: Model, name: string, signal?: AbortSignal): Promise<LayerSummary> {
    const { layer, tensor } = findLayer(model, name);
    const gradient = capturedOf(layer, "gradient", tensor.name)?.tensor;
    const of = async (tensor: TensorInfo) =>
      (await this.measured(layer, this.#layers.entry(model, tensor), signal)).summary;
    return withGradient(await of(tensor), gradient ? await of(gradient) : null);
  }

  /** The same of one tensor of the layer's, and its singular values. Throws what `Layers.run` throws. */
  async measured(layer: Layer, entry: LayerEntry, signal?: AbortSignal): Promise<Measured> {
    const known = this.#known.get(entry.id);
    if (known) return known;
    const make = (signal: AbortSignal) => this.#make(layer, entry, signal);
    return await this.#flight.run(entry.id, make, signal);
  }

  async #make(layer: Layer, entry: LayerEntry, signal: AbortSignal): Promise<Measured> {
    const isAttention = layer.captured.some(({ kind, tensor }) =>
      kind === "attention" && tensor === entry.plane.tensor
    );
    // What has been fetched for a summary is all that exact facts need.
    const facts = entry.fetch !== null;
    await this.#layers.ready(entry, { facts, channels: "none", pyramid: false }, signal);
    const before = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = turn.promise;
    try {
      await before;
      const singular = await this.#singular(entry, signal);
      const job: Job = { kind: "summary", context: entry.id, singular, isAttention };
      const found = await this.#layers.run<Measured>(entry, job, signal, "long");
      this.#known.set(entry.id, found, sizeOf(found));
      return found;
    } finally {
      turn.resolve();
    }
  }

  /** The largest singular values of what is too large for all of them. */
  async #singular(entry: LayerEntry, signal: AbortSignal): Promise<readonly number[] | null> {
    const { shape } = entry.plane.tensor, cells = elementCount(shape);
    if (cells === 0 || cells > SINGULAR_ELEMENTS) return null;
    if (isSmall({ rows: shape[0]!, columns: cells / shape[0]! })) return null;
    const svd = await singularOf(this.#layers, entry, SINGULAR_VALUES, signal);
    return svd && [...svd.values.subarray(0, Math.max(1, svd.converged))];
  }
}

const sizeOf = ({ summary, spectra }: Summarised): number =>
  JSON.stringify(summary).length +
  (spectra ? spectra.values.byteLength + (spectra.shuffled?.byteLength ?? 0) : 0);
