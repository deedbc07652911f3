import type { Channels } from "../analysis/channels.ts";
import type { Scale } from "../analysis/scale.ts";
import type { Pool } from "../compute/pool.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { Model } from "../model/model.ts";
import { type Axes, fold, type Plane } from "../field/plane.ts";
import { allocate, type Pyramid } from "../field/pyramid.ts";
import type { Facts } from "../modes/mode.ts";
import { SingleFlight } from "./cache.ts";
import type { Job, LayerContext } from "./job.ts";

/** A folded tensor that tiles are drawn of, and what has been found out about it. */
export interface LayerEntry {
  /** Names the folding of the tensor in that version of the model. */
  readonly id: string;
  readonly plane: Plane;
  facts: Facts | null;
  pyramid: Pyramid | null;
}

/** What a job needs before it can start. */
export interface Needs {
  readonly facts: boolean;
  readonly channels: boolean;
  readonly pyramid: boolean;
}

// Layers remembered; each costs a few kilobytes, and comes back when it is asked for again.
const KNOWN = 4096;
// Cells in one part of a sweep: milliseconds of work, so that tiles get their turn between parts.
const PART = 1 << 23;

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
  entry(model: Pick<Model, "id" | "version">, tensor: TensorInfo, axes?: Axes): LayerEntry {
    const id = JSON.stringify([model.id, model.version, tensor.name, axes ?? null]);
    let entry = this.#entries.get(id);
    if (!entry) {
      entry = { id, plane: fold(tensor, axes), facts: null, pyramid: null };
      this.#admit(entry);
    }
    return entry;
  }

  /** Resolves once the layer has what is needed; a pyramid is there until the next wait. */
  async ready(entry: LayerEntry, needs: Needs, signal?: AbortSignal): Promise<void> {
    if (this.#entries.get(entry.id) !== entry) this.#admit(entry);
    const { id } = entry;
    const isMatrix = entry.plane.tensor.shape.length > 1;
    if (needs.facts && !entry.facts) {
      await this.#flight.run(id, (signal) => this.#sweep(entry, signal), signal);
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
      if (JSON.parse(id)[0] === model) this.#drop(id);
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
    const rows = pyramid.levels[0]!.height;
    const parts = Math.min(rows, Math.max(1, Math.ceil(plane.cells / PART)));
    const bins = await Promise.all(Array.from({ length: parts }, (_, i) => {
      const from = Math.floor(rows * i / parts), to = Math.floor(rows * (i + 1) / parts);
      const job: Job = { kind: "sweep", context: id, from, to, pyramid };
      return this.#pool.run<Uint32Array>(job, signal, "background");
    }));
    const sum = bins.reduce((sum, part) => {
      for (let i = 0; i < sum.length; i++) sum[i]! += part[i]!;
      return sum;
    });
    const settle: Job = { kind: "settle", context: id, bins: sum, pyramid };
    const scale = await this.#pool.run<Scale>(settle, signal, "background");
    entry.facts = { scale, channels: entry.facts?.channels ?? null };
    entry.pyramid = pyramid;
    this.#hold(entry);
    this.#share(entry);
  }

  async #channels(entry: LayerEntry, signal: AbortSignal): Promise<void> {
    const job: Job = { kind: "channels", context: entry.id };
    const channels = await this.#pool.run<Channels | null>(job, signal, "long");
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
