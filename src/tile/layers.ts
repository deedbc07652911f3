import type { Dominant } from "../analysis/channels.ts";
import type { BlockStats } from "../compute/ops.ts";
import type { Pool, Urgency } from "../compute/pool.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { Model } from "../model/model.ts";
import type { Axes } from "../field/plane.ts";
import type { LevelsRef } from "../field/levels.ts";
import { SAMPLED_FROM } from "../field/levels/sampled.ts";
import type { Facts } from "../modes/mode.ts";
import { SingleFlight } from "../storage/flight.ts";
import type { Fetch } from "../storage/prefetched.ts";
import type { Rival } from "./against.ts";
import { Backends } from "./backends.ts";
import { idOf, lacksChannels, makeEntry, modelsOf, type Opened } from "./entries.ts";
import { estimateScale, findNorms, findScale, type Run } from "./find.ts";
import type { Job, LayerContext } from "./job.ts";
import { Made } from "./made.ts";
import {
  type Basis,
  type Choice,
  type Derived,
  type Estimate,
  FAR,
  type Findings,
  isSoon,
  type LayerEntry,
  type Needs,
  SOON,
} from "./layer_entry.ts";
import { Pyramids } from "./pyramids.ts";
import { runWith, wholeOf } from "./remote.ts";
import { sampleOf, unknownScale } from "./sample.ts";
import { HELD } from "./sweep.ts";

/** Jobs that read a layer to its end. */
const WHOLE: ReadonlySet<Job["kind"]> = new Set(["summary", "dominant", "svd", "help", "matrix"]);
// Layers remembered; each costs a few kilobytes, and comes back when it is asked for again.
const KNOWN = 4096;

/**
 * The layers that have been looked at lately: their scales, and their pyramids while they fit into
 * `limit` bytes. Each is computed once, by all workers, when first needed; while an ingest is on its
 * way to a large one, an estimate stands for it.
 */
export class Layers {
  readonly #pool: Pool<Job>;
  readonly #entries = new Map<string, LayerEntry>();
  readonly #pyramids: Pyramids;
  readonly #flight = new SingleFlight<void>();
  readonly made: Made;
  readonly #findings: (model: string) => Findings | undefined;

  constructor(
    pool: Pool<Job>,
    limit: number,
    findings: (model: string) => Findings | undefined = () => undefined,
    madeBytes?: number,
    readonly backends = new Backends(),
  ) {
    this.made = new Made(pool.size, madeBytes, backends);
    this.#pool = pool;
    this.#pyramids = new Pyramids(limit);
    this.#findings = findings;
  }

  /** Jobs that are worked on at once. */
  get workers(): number {
    return this.#pool.size;
  }

  /** Workers that have nothing to do. */
  get idle(): number {
    return this.#pool.idle;
  }

  /**
   * The model's tensor folded along `axes`, its cells compared with those of a rival where there is
   * one. Throws `BadRequest` where the axes do not split the tensor's.
   */
  entry(
    model: Opened,
    tensor: TensorInfo,
    axes?: Axes,
    rival: Rival | null = null,
    derived: Derived | null = null,
  ): LayerEntry {
    const folding = { axes, rival };
    let entry = this.#entries.get(idOf(model, tensor, folding));
    if (!entry) this.#admit(entry = makeEntry(model, tensor, folding, derived));
    return this.current(entry);
  }

  /** The entry with what an ingest has found of the layer meanwhile. */
  current(entry: LayerEntry): LayerEntry {
    if (!entry.isDefault || entry.stored || entry.estimate) return entry;
    const found = this.#findings(modelsOf(entry.id).own)?.found(entry.plane.tensor.name);
    if (found && entry.facts?.scale !== found.facts.scale) {
      entry.facts = { ...found.facts, channels: entry.channels };
      entry.stored = found.stored;
      this.#share(entry);
    }
    return entry;
  }

  /**
   * What to draw with: while a large layer has not been read, an estimate of it, so that looking at a
   * part of it does not need all of it; where its scale does not matter, nothing.
   */
  basis(entry: LayerEntry, needs: Needs, { needsScale = true, look }: Choice = {}): Basis {
    const exact = { entry, share: 1 };
    const whole = entry.facts && (!needs.pyramid || entry.pyramid || entry.stored);
    if (whole || needs.channels !== "none") return exact;
    const { cells, versus } = entry.plane;
    if (typeof look === "number" && !isSoon(cells, versus !== undefined) && !needs.figures) {
      const estimate: Estimate = { kind: "lines", log2: look, survey: null };
      return { entry: this.#standIn(entry, "survey", estimate), share: 2 ** -look };
    }
    if (!entry.fetch || needs.pyramid) return exact;
    if (versus) {
      // Runs of one file have their partners all over the other: lines of cells instead.
      return typeof look === "number" ? exact : this.basis(entry, needs, { needsScale, look: FAR });
    }
    const sample = sampleOf(entry.plane.tensor);
    if (!sample) return exact;
    const estimate = { kind: "runs", sample } as const;
    if (needsScale) return { entry: this.#standIn(entry, "sample", estimate), share: sample.share };
    const facts = { scale: unknownScale, channels: null };
    return { entry: this.#standIn(entry, "unknown", estimate, facts), share: 1 };
  }

  #standIn(
    entry: LayerEntry,
    name: string,
    estimate: Estimate,
    facts: Facts | null = null,
  ): LayerEntry {
    const id = `${entry.id} ${name}`;
    let standIn = this.#entries.get(id);
    if (!standIn) {
      standIn = { ...entry, id, facts, estimate, pyramid: null, stored: null };
      this.#admit(standIn);
    }
    return standIn;
  }

  /** Where statistics of blocks of 2^`log2` cells a side come from; null where from the file. */
  levels({ pyramid, stored, estimate, fetch }: LayerEntry, log2: number): LevelsRef | null {
    if (stored && log2 >= stored.base) return { kind: "stored", pyramid: stored };
    if (pyramid && log2 >= pyramid.base - 1) return { kind: "held", pyramid };
    // Over a network each line is a request: cells that are looked at closely are fetched all at once.
    const from = fetch ? SAMPLED_FROM + 1 : SAMPLED_FROM;
    return estimate?.kind === "lines" && log2 >= from ? { kind: "sampled" } : null;
  }

  /** Share of a layer's cells that a picture of blocks of 2^`log2` cells a side is made from. */
  shareOf({ entry, share }: Basis, log2: number): number {
    return this.levels(entry, log2)?.kind === "sampled" ? 2 ** -log2 : share;
  }

  /** Whether what is made for an entry is still kept. */
  holds(entry: LayerEntry): boolean {
    return this.#entries.get(entry.id) === entry;
  }

  /** A worker's answer to a job on the layer, its bytes fetched or made where they have to be. */
  async run<Value>(
    entry: LayerEntry,
    job: Job,
    signal?: AbortSignal,
    urgency?: Urgency,
    fetch = entry.fetch,
  ): Promise<Value> {
    const { derived } = entry;
    if (!derived) return await this.#runOn(entry, job, signal, urgency, fetch);
    derived.readers++;
    try {
      await this.made.see(entry, derived, (from, job, signal) => {
        if (!this.holds(from)) this.#admit(from);
        return this.run(from, job, signal, urgencyOf(from), derived.fetch ?? from.fetch);
      }, signal);
      if (!this.holds(entry)) this.#admit(entry);
      return await this.#runOn(entry, job, signal, urgency, fetch);
    } finally {
      derived.readers--;
    }
  }

  #runOn<Value>(
    entry: LayerEntry,
    job: Job,
    signal: AbortSignal | undefined,
    urgency: Urgency | undefined,
    fetch: Fetch | null,
  ): Promise<Value> {
    const whole = fetch && WHOLE.has(job.kind);
    const known = whole ? wholeOf(entry.plane.tensor) : [];
    return runWith<Value>(this.#pool, job, fetch, signal, urgency, known);
  }

  /** A worker's answer to a job on no layer, or on several whose bytes `fetch` brings. */
  runFree<Value>(job: Job, signal?: AbortSignal, fetch?: Fetch): Promise<Value> {
    return runWith<Value>(this.#pool, job, fetch ?? null, signal);
  }

  /** Figures of all blocks of 2^`log2` cells a side of a layer. */
  figures(entry: LayerEntry, log2: number, signal?: AbortSignal): Promise<BlockStats> {
    const levels = this.levels(entry, log2);
    const job: Job = { kind: "figures", context: entry.id, log2, levels };
    return this.run<BlockStats>(entry, job, signal, urgencyOf(entry));
  }

  /** Resolves once the layer has what is needed; a pyramid is there until the next wait. */
  async ready(entry: LayerEntry, needs: Needs, signal?: AbortSignal): Promise<void> {
    if (this.#entries.get(entry.id) !== entry) this.#admit(entry);
    const { id } = entry;
    const found: Promise<void>[] = [];
    if (needs.facts && !entry.facts) {
      found.push(this.#flight.run(id, (signal) => this.#facts(entry, signal), signal));
    }
    // Together, so that no worker idles while one settles; but what is far is fetched once.
    if (entry.fetch) await found[0];
    if (lacksChannels(entry, needs)) {
      const find = (signal: AbortSignal) => this.#channels(entry, needs, signal);
      found.push(this.#flight.run(`${id} ${needs.channels}`, find, signal));
    }
    await Promise.all(found);
    const lacksPyramid = needs.pyramid && !entry.estimate && !entry.stored;
    if (lacksPyramid && !entry.pyramid) {
      await this.#flight.run(id, (signal) => this.#sweep(entry, signal), signal);
    }
    if (lacksPyramid) this.#pyramids.hold(entry, this.holds(entry));
  }

  /** Draws no more from a layer's pyramid on disk, until an ingest has found the layer again. */
  distrust(model: Model, name: string): void {
    const tensor = model.tensors.find((tensor) => tensor.name === name);
    const entry = tensor && this.#entries.get(idOf(model, tensor));
    if (entry) entry.stored = null;
  }

  /** Drops what is known of any version of a model, and of what was compared with it. */
  forget(model: string): void {
    for (const id of this.#entries.keys()) {
      const { own, rival } = modelsOf(id);
      if (own === model || rival === model) this.#drop(id);
    }
  }

  /** Knows the layer from now on, and forgets the ones known longest if there are too many. */
  #admit(entry: LayerEntry): void {
    for (const id of this.made.surplus(this.#entries, entry)) this.#drop(id);
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
    this.#pyramids.forget(id);
    this.#pool.forget(id);
  }

  #facts(entry: LayerEntry, signal: AbortSignal): Promise<void> {
    return entry.estimate ? this.#estimate(entry, signal) : this.#sweep(entry, signal);
  }

  async #sweep(entry: LayerEntry, signal: AbortSignal): Promise<void> {
    const { scale, pyramid } = await findScale(this.#runOf(entry, signal), entry);
    entry.facts = { scale, channels: entry.channels };
    entry.pyramid = pyramid;
    this.#pyramids.hold(entry, this.holds(entry));
    this.#share(entry);
  }

  async #estimate(entry: LayerEntry, signal: AbortSignal): Promise<void> {
    const scale = await estimateScale((job) => this.run(entry, job, signal), entry);
    entry.facts = { scale, channels: entry.channels };
    this.#share(entry);
  }

  /** Finds what is not known yet of a layer's channels. */
  async #channels(entry: LayerEntry, needs: Needs, signal: AbortSignal): Promise<void> {
    const norms = entry.channels?.norms ?? await findNorms(this.#runOf(entry, signal), entry);
    let dominant = entry.channels?.dominant ?? null;
    if (needs.channels === "dominant" && entry.plane.cells <= HELD) {
      const job: Job = { kind: "dominant", context: entry.id };
      dominant = await this.run<Dominant>(entry, job, signal, "long");
    }
    entry.channels = { norms, dominant };
    if (!entry.facts) return;
    entry.facts = { ...entry.facts, channels: entry.channels };
    this.#share(entry);
  }

  #runOf(entry: LayerEntry, signal: AbortSignal): Run {
    return (job) => this.run(entry, job, signal, urgencyOf(entry));
  }

  #share(entry: LayerEntry): void {
    const { id, plane, facts } = entry;
    if (this.#entries.get(id) !== entry) return;
    const context: LayerContext = { plane, facts };
    this.#pool.share(id, context);
  }
}

/** Small layers take no longer than a tile, so that they need not give way to any. */
const urgencyOf = ({ plane }: LayerEntry): Urgency => plane.cells <= SOON ? "now" : "background";
