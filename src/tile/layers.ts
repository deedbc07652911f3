import type { Channels } from "../analysis/channels.ts";
import { KEY_BINS } from "../analysis/measure.ts";
import type { Scale } from "../analysis/scale.ts";
import type { Pool, Urgency } from "../compute/pool.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { Model } from "../model/model.ts";
import { type Axes, fold, type Plane } from "../field/plane.ts";
import { allocate, extentOf, type Pyramid } from "../field/pyramid.ts";
import type { Facts } from "../modes/mode.ts";
import { SingleFlight } from "../storage/flight.ts";
import type { Fetch } from "../storage/prefetched.ts";
import type { Job, LayerContext } from "./job.ts";
import { isFar, runWith, wholeOf } from "./remote.ts";
import { type Sample, sampleOf, unknownScale } from "./sample.ts";

/** A folded tensor that tiles are drawn of, and what has been found out about it. */
export interface LayerEntry {
  /** Names the folding of the tensor in that version of the model. */
  readonly id: string;
  readonly plane: Plane;
  /** Brings the tensor's bytes from where they lie; null where workers read them by themselves. */
  readonly fetch: Fetch | null;
  /** The part of the layer that its facts are of; undefined where they are of all of it. */
  readonly sample?: Sample;
  facts: Facts | null;
  pyramid: Pyramid | null;
}

/** What a job needs before it can start. */
export interface Needs {
  readonly facts: boolean;
  readonly channels: boolean;
  readonly pyramid: boolean;
}

/** What a picture is drawn with. */
export interface Basis {
  /** The layer, or what stands for it while little is known of it. */
  readonly entry: LayerEntry;
  /** Share of the layer's values that its facts are of; 1 where they are exact, or do not matter. */
  readonly share: number;
}

// Layers remembered; each costs a few kilobytes, and comes back when it is asked for again.
const KNOWN = 4096;
// Cells in one part of a sweep: milliseconds of work, so that tiles get their turn between parts.
const PART = 1 << 23;
// The same of a layer whose bytes have to be fetched, and how many such parts are held at once.
const FETCHED_PART = 1 << 21;
const FETCHED_AT_ONCE = 6;

/**
 * The layers that have been looked at lately: their scales, and their pyramids while they fit into `limit` bytes. Each is computed once, by all workers, when first needed.
 */
export class Layers {
  readonly #pool: Pool<Job>;
  readonly #limit: number;
  readonly #entries = new Map<string, LayerEntry>();
  /** Those of them whose pyramids are held, the one used last at the end. */
  readonly #pyramids = new Map<string, LayerEntry>();
  readonly #flight = new SingleFlight<void>();

  constructor(pool: Pool<Job>, limit: number) {
    this.#pool = pool;
    this.#limit = limit;
  }

  /** The model's tensor folded along `axes`. Throws `BadRequest` where they do not split its axes. */
  entry(
    model: Pick<Model, "id" | "version" | "fetch">,
    tensor: TensorInfo,
    axes?: Axes,
  ): LayerEntry {
    const id = JSON.stringify([model.id, model.version, tensor.name, axes ?? null]);
    let entry = this.#entries.get(id);
    if (!entry) {
      const fetch = isFar(tensor.source) ? model.fetch ?? null : null;
      entry = { id, plane: fold(tensor, axes), fetch, facts: null, pyramid: null };
      this.#admit(entry);
    }
    return entry;
  }

  /**
   * What to draw with: while a large remote layer has not been read, a sample of it, so that looking
   * at a part of it does not need all of it; where its scale does not matter, nothing.
   */
  basis(entry: LayerEntry, needs: Needs, needsScale = true): Basis {
    const exact = { entry, share: 1 };
    if (!entry.fetch || entry.facts || needs.pyramid || needs.channels) return exact;
    const sample = sampleOf(entry.plane.tensor);
    if (!sample) return exact;
    const [id, facts] = needsScale
      ? [`${entry.id} sample`, null]
      : [`${entry.id} unknown`, { scale: unknownScale, channels: null }];
    let standIn = this.#entries.get(id);
    if (!standIn) {
      standIn = { ...entry, id, facts, sample };
      this.#admit(standIn);
    }
    return { entry: standIn, share: needsScale ? sample.share : 1 };
  }

  /** A worker's answer to a job on the layer, its bytes fetched where they have to be. */
  run<Value>(
    entry: LayerEntry,
    job: Job,
    signal?: AbortSignal,
    urgency?: Urgency,
  ): Promise<Value> {
    const whole = entry.fetch && (job.kind === "summary" || job.kind === "channels");
    const known = whole ? wholeOf(entry.plane.tensor) : [];
    return runWith<Value>(this.#pool, job, entry.fetch, signal, urgency, known);
  }

  /** Resolves once the layer has what is needed; a pyramid is there until the next wait. */
  async ready(entry: LayerEntry, needs: Needs, signal?: AbortSignal): Promise<void> {
    if (this.#entries.get(entry.id) !== entry) this.#admit(entry);
    const { id } = entry;
    const isMatrix = entry.plane.tensor.shape.length > 1;
    if (needs.facts && !entry.facts) {
      const find = entry.sample ? this.#sample : this.#sweep;
      await this.#flight.run(id, (signal) => find.call(this, entry, signal), signal);
    }
    if (needs.channels && isMatrix && !entry.facts?.channels) {
      await this.#flight.run(`${id} channels`, (signal) => this.#channels(entry, signal), signal);
    }
    if (needs.pyramid && !entry.pyramid) {
      await this.#flight.run(id, (signal) => this.#sweep(entry, signal), signal);
    }
    if (needs.pyramid) this.#hold(entry);
  }

  /** Drops what is known of any version of a model. */
  forget(model: string): void {
    for (const id of this.#entries.keys()) {
      if (JSON.parse(id.slice(0, id.lastIndexOf("]") + 1))[0] === model) this.#drop(id);
    }
  }

  /** Knows the layer from now on, and forgets the ones known longest if there are too many. */
  #admit(entry: LayerEntry): void {
    for (const id of this.#entries.keys()) {
      if (this.#entries.size < KNOWN) break;
      this.#drop(id);
    }
    this.#entries.set(entry.id, entry);
    this.#share(entry);
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id);
    if (entry) entry.pyramid = null;
    this.#entries.delete(id);
    this.#pyramids.delete(id);
    this.#pool.forget(id);
  }

  async #sweep(entry: LayerEntry, signal: AbortSignal): Promise<void> {
    const { id, plane } = entry;
    const pyramid = allocate(plane);
    const extent = extentOf(plane, pyramid);
    const part = entry.fetch ? FETCHED_PART : PART;
    const parts = Math.min(extent, Math.max(1, Math.ceil(plane.cells / part)));
    const sum = new Uint32Array(KEY_BINS);
    const queue = Array.from({ length: parts }, (_, i) => i).values();
    const work = async () => {
      for (const i of queue) {
        const from = Math.floor(extent * i / parts), to = Math.floor(extent * (i + 1) / parts);
        const job: Job = { kind: "sweep", context: id, from, to, pyramid };
        const bins = await this.run<Uint32Array>(entry, job, signal, "background");
        for (let bin = 0; bin < sum.length; bin++) sum[bin]! += bins[bin]!;
      }
    };
    await Promise.all(Array.from({ length: entry.fetch ? FETCHED_AT_ONCE : parts }, work));
    const settle: Job = { kind: "settle", context: id, bins: sum, pyramid };
    const scale = await this.run<Scale>(entry, settle, signal, "background");
    entry.facts = { scale, channels: entry.facts?.channels ?? null };
    entry.pyramid = pyramid;
    this.#hold(entry);
    this.#share(entry);
  }

  async #sample(entry: LayerEntry, signal: AbortSignal): Promise<void> {
    const job: Job = { kind: "sample", context: entry.id, runs: entry.sample?.runs ?? [] };
    entry.facts = { scale: await this.run<Scale>(entry, job, signal), channels: null };
    this.#share(entry);
  }

  async #channels(entry: LayerEntry, signal: AbortSignal): Promise<void> {
    const job: Job = { kind: "channels", context: entry.id };
    const channels = await this.run<Channels | null>(entry, job, signal, "long");
    if (entry.facts) entry.facts = { ...entry.facts, channels };
    this.#share(entry);
  }

  /** Marks its pyramid as used last, and lets go of those used longest ago that no longer fit. */
  #hold(entry: LayerEntry): void {
    this.#pyramids.delete(entry.id);
    if (this.#entries.get(entry.id) === entry) this.#pyramids.set(entry.id, entry);
    let held = 0;
    for (const { pyramid } of this.#pyramids.values()) held += pyramid?.bytes ?? 0;
    for (const [id, other] of this.#pyramids) {
      if (held <= this.#limit || other === entry) break;
      held -= other.pyramid?.bytes ?? 0;
      other.pyramid = null;
      this.#pyramids.delete(id);
    }
  }

  #share(entry: LayerEntry): void {
    const { id, plane, facts } = entry;
    if (this.#entries.get(id) !== entry) return;
    const context: LayerContext = { plane, facts };
    this.#pool.share(id, context);
  }
}
