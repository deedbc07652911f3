import { KEY_BINS } from "../analysis/measure.ts";
import { packKeys, unpackKeys } from "../analysis/sketch.ts";
import { Changed, CorruptChunk } from "../errors.ts";
import type { Rect } from "../field/cells.ts";
import { isKept, outerLevels, slabsOf } from "../field/keep.ts";
import type { Layout } from "../field/layout.ts";
import type { Level } from "../field/pyramid.ts";
import { allocateSlab, stepsOf } from "../field/slab.ts";
import type { ModelStore, StoredPyramid } from "../field/store.ts";
import type { BlockStats } from "../compute/ops.ts";
import type { Model } from "../model/model.ts";
import type { Facts } from "../modes/mode.ts";
import { gridOf } from "./atlas.ts";
import type { Finished, Job } from "./job.ts";
import type { Findings, LayerEntry, Layers } from "./layers.ts";
import { type Found, fromRecord, normOf, toRecord } from "./record.ts";

/** How far an ingest is. */
export interface IngestState {
  readonly model: string;
  readonly version: string;
  readonly state: "waiting" | "running" | "paused" | "done" | "failed";
  /** Parameters. */
  readonly done: number;
  readonly total: number;
  readonly layers: { readonly done: number; readonly total: number };
  /** Layers that cannot be read, and why. */
  readonly failures: readonly { readonly tensor: string; readonly detail: string }[];
  /** Why it stands still, where it failed. */
  readonly detail?: string;
}

export interface IngestEvents {
  /** A layer has been read to its end: by its number in the layout. */
  found(plane: number, found: Found): void;
  progress(): void;
}

/** Cells in one job: milliseconds of work, so that tiles get their turn between jobs. */
const PART = 1 << 23;
/** Pieces of memory that wait for another slab, at most. */
const FREE = 4;
/** Milliseconds between two looks at a layer that another process is reading. */
const ELSEWHERE = 200;

interface Subject {
  status: "waiting" | "busy" | "elsewhere" | "done" | "failed";
  found:
    | { readonly found: Found; readonly facts: Facts; readonly stored: StoredPyramid | null }
    | null;
  detail: string | null;
  /** Cells measured so far. */
  cells: number;
}

/**
 * Reads every layer of a model once, and keeps what it finds in a store: pyramids, scales, norms.
 * Layers that are looked at go first, else the file's order counts. What another process has in hand
 * is left to it. A killed ingest goes on where it was: what was written is whole.
 */
export class Ingest implements Findings {
  readonly #subjects: Subject[];
  readonly #byTensor: ReadonlyMap<string, number>;
  readonly #wanted = new Set<number>();
  #state: IngestState["state"] = "waiting";
  #detail: string | undefined;
  readonly #grid: number;
  #resume = Promise.withResolvers<void>();
  /** Memory of slabs that were written. */
  readonly #free: SharedArrayBuffer[] = [];

  constructor(
    readonly model: Model,
    readonly layout: Layout,
    private readonly layers: Layers,
    readonly store: ModelStore,
    private readonly events: IngestEvents,
  ) {
    this.#resume.resolve();
    this.#grid = gridOf(layout);
    this.#subjects = layout.planes.map(() => ({
      status: "waiting",
      found: null,
      detail: null,
      cells: 0,
    }));
    this.#byTensor = new Map(layout.planes.map(({ plane }, i) => [plane.tensor.name, i]));
    for (let i = 0; i < layout.planes.length; i++) this.#adopt(i);
    if (this.#subjects.every(({ status }) => status === "done")) this.#state = "done";
  }

  /** Whether there is nothing left to read. */
  get isDone(): boolean {
    return this.#state === "done";
  }

  get state(): IngestState {
    const { planes } = this.layout;
    const sum = (figure: (i: number) => number) => planes.reduce((all, _, i) => all + figure(i), 0);
    const isDone = (i: number) => this.#subjects[i]!.status === "done";
    return {
      model: this.model.id,
      version: this.model.version,
      state: this.#state,
      done: sum((i) => isDone(i) ? planes[i]!.plane.cells : this.#subjects[i]!.cells),
      total: sum((i) => planes[i]!.plane.cells),
      layers: { done: sum((i) => Number(isDone(i))), total: planes.length },
      failures: planes.flatMap(({ plane }, i) => {
        const { detail } = this.#subjects[i]!;
        return detail === null ? [] : [{ tensor: plane.tensor.name, detail }];
      }),
      ...(this.#detail === undefined ? {} : { detail: this.#detail }),
    };
  }

  /** All that was found of a tensor. */
  foundOf(tensor: string): Found | null {
    return this.#subjects[this.#byTensor.get(tensor) ?? -1]?.found?.found ?? null;
  }

  found(tensor: string) {
    return this.#subjects[this.#byTensor.get(tensor) ?? -1]?.found ?? null;
  }

  /** log2 of the blocks that a first look may take, where the layer is going to be read; else null. */
  coming(tensor: string): number | null {
    const subject = this.#subjects[this.#byTensor.get(tensor) ?? -1];
    if (!subject || subject.found || subject.status === "failed") return null;
    return Math.max(SURVEYED, this.layout.align);
  }

  /** Has a layer read before others, since it is being looked at. */
  want(tensor: string): void {
    const plane = this.#byTensor.get(tensor);
    if (plane === undefined || this.#subjects[plane]!.found) return;
    // What is looked at now comes before what was looked at earlier.
    this.#wanted.delete(plane);
    this.#wanted.add(plane);
  }

  pause(): void {
    if (this.#state !== "running" && this.#state !== "waiting") return;
    this.#resume = Promise.withResolvers<void>();
    this.#state = "paused";
    this.events.progress();
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    this.#resume.resolve();
    this.events.progress();
  }

  /**
   * Reads what has not been read, `lanes` layers at a time. Resolves when all is done, but for layers
   * that cannot be read; throws the signal's reason, `Changed` where the model's files did change, and
   * `OutOfSpace` or `Unreadable` where the store cannot be written.
   */
  async run(signal: AbortSignal, lanes = 3): Promise<void> {
    if (this.#state === "done") return;
    if (this.#state === "waiting") this.#state = "running";
    this.events.progress();
    try {
      await Promise.all(Array.from({ length: lanes }, () => this.#lane(signal)));
      this.#state = "done";
      this.store.touch();
    } catch (error) {
      this.#state = "failed";
      this.#detail = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      this.events.progress();
    }
  }

  /** The tensor whose pyramid lies in a folder; null where it is none of this model's. */
  tensorAt(folder: string): string | null {
    const plane = this.#subjects.findIndex(({ found }) => found?.stored?.folder === folder);
    return this.layout.planes[plane]?.plane.tensor.name ?? null;
  }

  /**
   * Forgets a layer whose chunks on disk are damaged, so that it is read again: by `run`, where the
   * answer is true.
   */
  distrust(tensor: string): boolean {
    const plane = this.#byTensor.get(tensor) ?? -1;
    const subject = this.#subjects[plane];
    if (!subject?.found) return false;
    this.store.discard(plane);
    Object.assign(subject, { status: "waiting", found: null, cells: 0 });
    const running = this.#state === "running" || this.#state === "paused";
    if (!running) this.#state = "waiting";
    return !running;
  }

  async #lane(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#resume.promise;
      signal.throwIfAborted();
      const plane = this.#next();
      if (plane === null) return;
      const subject = this.#subjects[plane]!;
      if (subject.status === "elsewhere") await new Promise((done) => setTimeout(done, ELSEWHERE));
      subject.status = "busy";
      await this.#read(plane, subject, signal);
      this.events.progress();
    }
  }

  /** The layer wanted last, else the first one; those that another process reads come last. */
  #next(): number | null {
    for (const plane of [...this.#wanted].reverse()) {
      if (this.#subjects[plane]!.status === "waiting") return plane;
      if (this.#subjects[plane]!.status !== "elsewhere") this.#wanted.delete(plane);
    }
    const first = this.#subjects.findIndex(({ status }) => status === "waiting");
    if (first >= 0) return first;
    const elsewhere = this.#subjects.findIndex(({ status }) => status === "elsewhere");
    return elsewhere < 0 ? null : elsewhere;
  }

  async #read(plane: number, subject: Subject, signal: AbortSignal): Promise<void> {
    if (this.#adopt(plane)) return;
    const lock = this.store.tryLock(plane);
    if (!lock) {
      subject.status = "elsewhere";
      return;
    }
    try {
      // Another process may have finished it between the two.
      if (this.#adopt(plane)) return;
      await this.#measure(plane, subject, signal);
    } catch (error) {
      const own = error instanceof Error && error.name === "Unreadable" && this.#isSource(error);
      if (!own) {
        subject.status = "waiting";
        throw error;
      }
      subject.status = "failed";
      subject.detail = error.message;
    } finally {
      lock.release();
    }
  }

  /** Whether an error is of the model's own file rather than of the store. */
  #isSource(error: Error): boolean {
    return !error.message.includes(this.store.folder);
  }

  async #measure(plane: number, subject: Subject, signal: AbortSignal): Promise<void> {
    const { plane: shape } = this.layout.planes[plane]!;
    const { tensor } = shape;
    const entry = this.layers.entry(this.model, tensor);
    const stored = this.#storedOf(plane);
    let finished: Omit<Found, "norm">;
    if (stored) {
      const outer = outerLevels(shape, stored.base);
      const bins = new Uint32Array(KEY_BINS);
      for (const [part, slab] of slabsOf(shape, stored.base).entries()) {
        const counts = await this.#slab(plane, part, slab, entry, stored, outer, subject, signal);
        for (let bin = 0; bin < KEY_BINS; bin++) bins[bin]! += counts[bin]!;
      }
      const log2 = this.#grid;
      const context = entry.id;
      const job: Job = { kind: "finish", context, bins, levels: outer, stored, log2 };
      finished = await this.layers.run<Finished>(entry, job, signal, "background");
    } else {
      await this.layers.ready(entry, { facts: true, channels: false, pyramid: true }, signal);
      const { scale } = entry.facts!;
      const slots = await this.layers.figures(entry, this.#grid, signal);
      finished = { scale, slots, sketch: null };
    }
    const found: Found = { ...finished, norm: normOf(finished.scale) };
    this.model.check();
    this.store.writeRecord(plane, toRecord(found));
    if (stored && slabsOf(shape, stored.base).length > 1) this.store.removeParts(plane);
    this.#take(plane, found);
  }

  /** Measures a slab and writes it, or takes what was written before the process was killed. */
  async #slab(
    plane: number,
    part: number,
    rect: Rect,
    entry: LayerEntry,
    stored: StoredPyramid,
    outer: readonly Level[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Uint32Array> {
    const context = entry.id;
    const cells = rect.width * rect.height * 4 ** (stored.base + 1);
    const run = <Value>(job: Job) => this.layers.run<Value>(entry, job, signal, "background");
    const known = this.store.readPart(plane, part);
    if (known) {
      try {
        await run({ kind: "recall", context, slab: rect, stored, outer });
        subject.cells += cells;
        return unpackKeys(known);
      } catch (error) {
        if (!(error instanceof CorruptChunk)) throw error; // else it is measured again
      }
    }
    const lent: SharedArrayBuffer[] = [];
    const slab = allocateSlab(entry.plane, stored.base, rect, (bytes) => this.#lend(bytes, lent));
    const steps = stepsOf(entry.plane, slab);
    const parts = Math.min(steps, Math.max(1, Math.ceil(cells / PART)));
    const bins = new Uint32Array(KEY_BINS);
    await Promise.all(Array.from({ length: parts }, async (_, i) => {
      const from = Math.floor(steps * i / parts), to = Math.floor(steps * (i + 1) / parts);
      const counts = await run<Uint32Array>({ kind: "sweep", context, slab, from, to });
      for (let bin = 0; bin < KEY_BINS; bin++) bins[bin]! += counts[bin]!;
      subject.cells += cells / parts;
      this.events.progress();
    }));
    await run({ kind: "keep", context, slab, stored, outer });
    this.#free.push(...lent);
    // A layer of a single slab is done a moment later anyway.
    if (slabsOf(entry.plane, stored.base).length > 1) {
      this.store.writePart(plane, part, packKeys(bins));
    }
    return bins;
  }

  /** Memory of a slab before, if some is large enough: fresh memory costs as much as measuring. */
  #lend(bytes: number, lent: SharedArrayBuffer[]): SharedArrayBuffer {
    const fits = this.#free.findIndex(({ byteLength }) => byteLength >= bytes);
    const [known] = fits < 0 ? [] : this.#free.splice(fits, 1);
    // Those that are too small are let go of, so that few remain.
    if (!known && this.#free.length > FREE) this.#free.shift();
    const buffer = known ?? new SharedArrayBuffer(bytes);
    lent.push(buffer);
    return buffer;
  }

  /** Where a plane's pyramid is kept; null where it is not worth keeping. */
  #storedOf(plane: number): StoredPyramid | null {
    const pyramid = this.store.layer(plane);
    return isKept(this.layout.planes[plane]!.plane, pyramid.base) ? pyramid : null;
  }

  /** Takes what a process, this one or another, has finished. */
  #adopt(plane: number): boolean {
    const found = fromRecord(this.store.readRecord(plane));
    if (!found) return false;
    this.#take(plane, found);
    return true;
  }

  #take(plane: number, found: Found): void {
    const facts: Facts = { scale: found.scale, channels: null };
    const stored = this.#storedOf(plane);
    Object.assign(this.#subjects[plane]!, { status: "done", found: { found, facts, stored } });
    this.events.found(plane, found);
  }
}

/** Blocks of a first look have this log2 of cells a side at least. */
const SURVEYED = 5;
