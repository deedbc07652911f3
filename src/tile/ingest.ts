import { setTimeout as delay } from "node:timers/promises";
import { isOfFile, OutOfSpace, Unreadable } from "../errors.ts";
import type { Layout } from "../field/layout.ts";
import type { Lock, ModelStore } from "../field/store.ts";
import type { Model } from "../model/model.ts";
import type { Facts } from "../modes/mode.ts";
import { Agenda, type Subject } from "./agenda.ts";
import { gridOf } from "./overview_grid.ts";
import { unlessAborted } from "./lanes.ts";
import type { Findings } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import { Lent } from "./lent.ts";
import { readLayer, storedOf } from "./read_layer.ts";
import { type Found, fromRecord, toRecord } from "./record.ts";

/** How far an ingest is. */
export interface IngestState {
  readonly model: string;
  readonly version: string;
  readonly state: "waiting" | "running" | "paused" | "done" | "failed";
  /** Parameters. */
  readonly done: number;
  readonly total: number;
  /** Those among them that this process read itself: not found in the store, nor read by another. */
  readonly read: number;
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

/** Milliseconds between two looks at a layer that another process is reading. */
const ELSEWHERE = 200;

/**
 * Reads every layer of a model once, and keeps what it finds in a store: pyramids, scales, norms.
 * Layers that are looked at go first, else the file's order counts. What another process has in hand
 * is left to it. A killed ingest goes on where it was: what was written is whole.
 */
export class Ingest implements Findings {
  readonly #agenda: Agenda;
  readonly #byTensor: ReadonlyMap<string, number>;
  #state: IngestState["state"] = "waiting";
  #detail: string | undefined;
  readonly #grid: number;
  #measured = 0;
  /** Calls of `run` under way. */
  #runs = 0;
  #resume = Promise.withResolvers<void>();
  /** Of what is measured, until it is written. */
  readonly #memory = new Lent();

  constructor(
    readonly model: Model,
    readonly layout: Layout,
    private readonly layers: Layers,
    readonly store: ModelStore,
    private readonly events: IngestEvents,
  ) {
    this.#resume.resolve();
    this.#grid = gridOf(layout);
    this.#agenda = new Agenda(layout.planes.length);
    this.#byTensor = new Map(layout.planes.map(({ plane }, i) => [plane.tensor.name, i]));
    for (let i = 0; i < layout.planes.length; i++) this.#adopt(i);
    if (this.#agenda.isDone) this.#state = "done";
  }

  /** Whether there is nothing left to read. */
  get isDone(): boolean {
    return this.#state === "done";
  }

  get state(): IngestState {
    const { planes } = this.layout;
    const sum = (figure: (i: number) => number) => planes.reduce((all, _, i) => all + figure(i), 0);
    const isDone = (i: number) => this.#agenda.subjects[i]!.status === "done";
    return {
      model: this.model.id,
      version: this.model.version,
      state: this.#state,
      done: sum((i) => isDone(i) ? planes[i]!.plane.cells : this.#agenda.subjects[i]!.cells),
      total: sum((i) => planes[i]!.plane.cells),
      read: Math.round(this.#measured),
      layers: { done: sum((i) => Number(isDone(i))), total: planes.length },
      failures: planes.flatMap(({ plane }, i) => {
        const { detail } = this.#agenda.subjects[i]!;
        return detail === null ? [] : [{ tensor: plane.tensor.name, detail }];
      }),
      ...(this.#detail === undefined ? {} : { detail: this.#detail }),
    };
  }

  #of(tensor: string): Subject | undefined {
    return this.#agenda.subjects[this.#byTensor.get(tensor) ?? -1];
  }

  /** All that was found of a tensor. */
  foundOf(tensor: string): Found | null {
    return this.#of(tensor)?.found?.found ?? null;
  }

  found(tensor: string) {
    return this.#of(tensor)?.found ?? null;
  }

  /** log2 of the blocks that a first look may take, where the layer is going to be read; else null. */
  coming(tensor: string): number | null {
    const subject = this.#of(tensor);
    if (!subject || subject.found || subject.status === "failed") return null;
    return Math.max(SURVEYED, this.layout.align + 1);
  }

  /** Has a layer read before others, since it is being looked at. */
  want(tensor: string): void {
    const plane = this.#byTensor.get(tensor);
    if (plane !== undefined) this.#agenda.want(plane);
  }

  pause(): void {
    if (this.#state !== "running" && this.#state !== "waiting") return;
    this.#resume = Promise.withResolvers<void>();
    this.#state = "paused";
    this.events.progress();
  }

  /** Goes on, by `run` where the answer is true: what has failed is tried again. */
  resume(): boolean {
    if (this.#state !== "paused" && this.#state !== "failed") return false;
    const hasFailed = this.#state === "failed";
    this.#state = hasFailed || this.#runs === 0 ? "waiting" : "running";
    this.#detail = undefined;
    this.#resume.resolve();
    this.events.progress();
    return hasFailed;
  }

  /**
   * Reads what has not been read, `lanes` layers at a time. Resolves when all is done, but for layers
   * that cannot be read; throws the signal's reason, `Changed` where the model's files did change, and
   * `OutOfSpace` or `Unreadable` where the store cannot be written.
   */
  async run(signal: AbortSignal, lanes = 3): Promise<void> {
    if (this.#state === "done") return;
    if (this.#state !== "paused") this.#state = "running";
    this.#detail = undefined;
    this.#runs++;
    this.events.progress();
    // A lane that fails ends the others, and none is at work any more when this ends.
    const failing = new AbortController();
    const either = AbortSignal.any([signal, failing.signal]);
    const lane = () => this.#lane(either).catch((error) => failing.abort(error));
    try {
      do {
        await Promise.all(Array.from({ length: lanes }, lane));
        either.throwIfAborted();
      } while (this.#agenda.next() !== null); // one that came to be distrusted meanwhile
      this.#state = "done";
      this.store.touch();
    } catch (error) {
      this.#state = "failed";
      this.#detail = this.#tell(error);
      throw error;
    } finally {
      if (--this.#runs === 0) this.#memory.clear();
      this.events.progress();
    }
  }

  /** The tensor whose pyramid lies in a folder; null where it is none of this model's. */
  tensorAt(folder: string): string | null {
    const plane = this.layout.planes.findIndex((_, i) => this.store.layer(i).folder === folder);
    return this.layout.planes[plane]?.plane.tensor.name ?? null;
  }

  /**
   * Forgets a layer whose chunks on disk are damaged, so that it is read again: by `run`, where the
   * answer is true. Where the store cannot be written, it is drawn without it from now on.
   */
  distrust(tensor: string): boolean {
    const plane = this.#byTensor.get(tensor) ?? -1;
    const subject = this.#agenda.subjects[plane];
    if (!subject?.found) return false; // someone has found it damaged before
    Object.assign(subject, { status: "waiting", found: null, cells: 0 });
    try {
      // Another process that has the lock is making the layer anew already.
      const lock = this.store.tryLock(plane);
      try {
        if (lock) this.store.discard(plane);
      } finally {
        lock?.release();
      }
    } catch (error) {
      if (!(error instanceof Unreadable || error instanceof OutOfSpace)) throw error;
      const reason = this.#tell(error);
      const detail = `what was kept of it is damaged and cannot be made anew: ${reason}`;
      Object.assign(subject, { status: "failed", detail });
      return false;
    }
    const running = this.#runs > 0;
    if (!running && this.#state !== "paused") this.#state = "waiting";
    return !running;
  }

  async #lane(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#turn(signal);
      const plane = this.#agenda.next();
      if (plane === null) return;
      const subject = this.#agenda.subjects[plane]!;
      if (subject.status === "elsewhere") await delay(ELSEWHERE, null, { signal });
      subject.status = "busy";
      await this.#read(plane, subject, signal);
      this.events.progress();
    }
  }

  /** Resolves at once, or after a pause. Throws the signal's reason. */
  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#state === "paused") await unlessAborted(this.#resume.promise, signal);
    signal.throwIfAborted();
  }

  async #read(plane: number, subject: Subject, signal: AbortSignal): Promise<void> {
    let lock: Lock | null = null;
    try {
      if (this.#adopt(plane)) return;
      lock = this.store.tryLock(plane);
      if (!lock) {
        subject.status = "elsewhere";
        return;
      }
      // Another process may have finished it between the two.
      if (this.#adopt(plane)) return;
      await this.#measure(plane, subject, signal);
    } catch (error) {
      subject.cells = 0;
      if (!isOfFile(error)) {
        subject.status = "waiting";
        throw error;
      }
      subject.status = "failed";
      subject.detail = error.message;
    } finally {
      lock?.release();
    }
  }

  async #measure(plane: number, subject: Subject, signal: AbortSignal): Promise<void> {
    const entry = this.layers.entry(this.model, this.layout.planes[plane]!.plane.tensor);
    const found = await readLayer({
      number: plane,
      entry,
      layers: this.layers,
      store: this.store,
      grid: this.#grid,
      memory: this.#memory,
      signal,
      turn: () => this.#turn(signal),
      progress: (cells, from) => {
        subject.cells += cells;
        if (from === "file") this.#measured += cells;
        this.events.progress();
      },
    });
    this.model.check();
    this.store.writeRecord(plane, toRecord(found));
    this.#take(plane, found);
  }

  /** An error in words; where the store lies is nobody's business who asks how far this is. */
  #tell(error: unknown): string {
    const message = error instanceof Error ? error.message : String(error);
    return message.replaceAll(`${this.store.folder}/`, "");
  }

  /** Takes what a process, this one or another, has finished. */
  #adopt(plane: number): boolean {
    const found = fromRecord(this.store.readRecord(plane));
    if (!found) return false;
    this.#take(plane, found);
    return true;
  }

  #take(plane: number, found: Found): void {
    // A process may have been killed before it did.
    if (this.store.parts(plane).length > 0) this.store.removeParts(plane);
    const facts: Facts = { scale: found.scale, channels: null };
    const stored = storedOf(this.store, plane, this.layout.planes[plane]!.plane);
    Object.assign(this.#agenda.subjects[plane]!, {
      status: "done",
      found: { found, facts, stored },
    });
    this.events.found(plane, found);
  }
}

/** Blocks of a first look have this log2 of cells a side at least. */
const SURVEYED = 5;
