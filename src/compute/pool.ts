import { fromWire, Overloaded, Unreadable, type WireError } from "../errors.ts";

/** What crosses to a worker. */
export type Message<Job> =
  | { readonly kind: "hello"; readonly flags: SharedArrayBuffer }
  | { readonly kind: "share"; readonly id: string; readonly context: unknown }
  | { readonly kind: "forget"; readonly id: string }
  | { readonly kind: "job"; readonly ticket: number; readonly slot: number; readonly job: Job };

/** What comes back: one answer a job. */
export type Answer =
  | { readonly ticket: number; readonly value: unknown }
  | { readonly ticket: number; readonly error: WireError };

/**
 * `now`: somebody waits for a picture. `background`: begins when nothing more urgent waits or is under
 * way, or late. `long`: begins when nothing more urgent waits, and keeps its worker to itself, as it
 * takes more than a few milliseconds.
 */
export type Urgency = "now" | "background" | "long";

interface Task<Job> {
  readonly ticket: number;
  readonly job: Job;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly urgency: Urgency;
  readonly abort: () => void;
  seat?: { readonly member: Member<Job>; readonly slot: number };
}

interface Member<Job> {
  worker: Worker;
  readonly index: number;
  readonly known: Set<string>;
  readonly seats: (Task<Job> | undefined)[];
  /** Times it fell over since its last answer. */
  falls: number;
}

// Jobs in a worker's hands at once: while it works on one the next already waits in its inbox.
const DEPTH = 2;
// Milliseconds from one beginning in the background to the next while pictures are under way, of which a
// busy server never runs out: it would take the disk from them.
const PATIENCE = 100;
// A worker that falls over so often without an answer in between is not started again.
const FALLS = 5;

/**
 * Workers that do one job at a time each. A job names a context (what it works on), or several, each
 * of which is sent to a worker once. Jobs wait in a bounded queue; a cancelled one is dropped there, or, once
 * running, sees its flag in shared memory at its next check.
 */
export class Pool<Job extends { readonly context: string; readonly contexts?: readonly string[] }> {
  readonly #script: URL;
  readonly #limit: number;
  readonly #members: Member<Job>[];
  readonly #contexts = new Map<string, unknown>();
  readonly #flags: Int32Array<SharedArrayBuffer>;
  #queue: Task<Job>[] = [];
  #tickets = 0;
  #closed = false;
  /** When something in the background last began. */
  #begun = performance.now();
  /** Why workers are not started any more. */
  #broken: string | null = null;

  constructor(script: URL, size: number, limit = 4096) {
    this.#script = script;
    this.#limit = limit;
    this.#flags = new Int32Array(new SharedArrayBuffer(size * DEPTH * 4));
    this.#members = Array.from({ length: size }, (_, index) => {
      const member: Member<Job> = {
        worker: this.#start(index),
        index,
        known: new Set(),
        seats: new Array<Task<Job> | undefined>(DEPTH).fill(undefined),
        falls: 0,
      };
      return member;
    });
  }

  get size(): number {
    return this.#members.length;
  }

  /** Workers that have nothing to do, and that nothing waits for. */
  get idle(): number {
    if (this.#queue.length > 0) return 0;
    return this.#members.filter(({ seats }) => seats.every((seat) => seat === undefined)).length;
  }

  /** What jobs with this context work on: any cloneable value; the latest counts. */
  share(id: string, context: unknown): void {
    this.#contexts.set(id, context);
    for (const { known } of this.#members) known.delete(id);
  }

  forget(id: string): void {
    this.#contexts.delete(id);
    for (const { worker, known } of this.#members) {
      if (known.delete(id)) worker.postMessage({ kind: "forget", id });
    }
  }

  /**
   * The worker's answer. Throws what the worker threw, `AbortError` when cancelled, `Overloaded`
   * when the queue is full.
   */
  run<Value>(job: Job, signal?: AbortSignal, urgency: Urgency = "now"): Promise<Value> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closed) return Promise.reject(new Unreadable("the workers have been shut down"));
    if (this.#broken !== null) {
      return Promise.reject(new Unreadable(`the workers cannot be started: ${this.#broken}`));
    }
    if (this.#queue.length >= this.#limit) {
      const message = `${this.#queue.length} jobs wait already, the limit is ${this.#limit}`;
      return Promise.reject(new Overloaded(message, { retryAfter: 1, queued: this.#queue.length }));
    }
    return new Promise<Value>((resolve, reject) => {
      const task: Task<Job> = {
        ticket: ++this.#tickets,
        job,
        resolve: resolve as (value: unknown) => void,
        reject,
        signal,
        urgency,
        abort: () => this.#cancel(task),
      };
      signal?.addEventListener("abort", task.abort, { once: true });
      this.#queue.push(task);
      this.#dispatch();
    });
  }

  /** Ends the workers; jobs that have not been answered are rejected. */
  close(): void {
    this.#closed = true;
    const reason = new Unreadable("the workers have been shut down");
    for (const task of this.#queue.splice(0)) this.#settle(task, () => task.reject(reason));
    for (const { worker, seats } of this.#members) {
      worker.terminate();
      for (const task of seats) if (task) this.#settle(task, () => task.reject(reason));
    }
  }

  #start(index: number): Worker {
    const worker = new Worker(this.#script, { type: "module", name: `kernels ${index}` });
    worker.postMessage({ kind: "hello", flags: this.#flags.buffer });
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#answered(index, data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#replace(index, event.message);
    };
    return worker;
  }

  #answered(index: number, answer: Answer): void {
    const member = this.#members[index]!;
    const { seats } = member;
    member.falls = 0;
    const slot = seats.findIndex((task) => task?.ticket === answer.ticket);
    const task = seats[slot];
    if (!task) return;
    seats[slot] = undefined;
    this.#dispatch();
    if ("error" in answer) this.#settle(task, () => task.reject(fromWire(answer.error)));
    else this.#settle(task, () => task.resolve(answer.value));
  }

  /** A worker that fell over takes its jobs with it; a fresh one takes its place. */
  #replace(index: number, problem: string): void {
    const member = this.#members[index]!;
    member.worker.terminate();
    // One that falls over again and again before any answer cannot be helped by another start.
    if (++member.falls >= FALLS) this.#broken = problem;
    const reason = new Unreadable(`a worker stopped: ${problem}`);
    const lost = member.seats.splice(0, DEPTH, ...new Array<undefined>(DEPTH).fill(undefined));
    member.known.clear();
    for (const task of lost) if (task) this.#settle(task, () => task.reject(reason));
    if (this.#broken !== null) {
      for (const task of this.#queue.splice(0)) this.#settle(task, () => task.reject(reason));
    } else if (!this.#closed) {
      member.worker = this.#start(index);
      this.#dispatch();
    }
  }

  #dispatch(): void {
    for (let depth = 0; depth < DEPTH; depth++) {
      for (const member of this.#members) {
        const next = this.#next(depth);
        if (!next) return;
        const busy = member.seats.filter((task) => task !== undefined);
        if (busy.length !== depth || busy.some(({ urgency }) => urgency === "long")) continue;
        this.#queue.splice(this.#queue.indexOf(next), 1);
        this.#hand(next, member);
      }
    }
  }

  /** What a worker with `depth` jobs in hand may be given: only what is urgent waits in an inbox. */
  #next(depth: number): Task<Job> | undefined {
    const urgent = this.#queue.find(({ urgency }) => urgency === "now");
    if (urgent || depth > 0 || this.#queue.length === 0) return urgent;
    const holdsBack = performance.now() - this.#begun < PATIENCE && this.#isUrgent();
    return this.#queue.find(({ urgency }) => urgency !== "background" || !holdsBack);
  }

  /** Whether somebody waits for a job under way. */
  #isUrgent(): boolean {
    return this.#members.some(({ seats }) => seats.some((task) => task?.urgency === "now"));
  }

  #hand(task: Task<Job>, member: Member<Job>): void {
    const seat = member.seats.indexOf(undefined);
    const slot = member.index * DEPTH + seat;
    member.seats[seat] = task;
    task.seat = { member, slot };
    if (task.urgency === "background") this.#begun = performance.now();
    for (const id of [task.job.context, ...task.job.contexts ?? []]) {
      const context = this.#contexts.get(id);
      if (context === undefined || member.known.has(id)) continue;
      member.worker.postMessage({ kind: "share", id, context });
      member.known.add(id);
    }
    member.worker.postMessage({ kind: "job", ticket: task.ticket, slot, job: task.job });
  }

  #cancel(task: Task<Job>): void {
    if (task.seat) Atomics.store(this.#flags, task.seat.slot, task.ticket);
    else {
      this.#queue = this.#queue.filter((other) => other !== task);
      this.#settle(task, () => task.reject(task.signal?.reason));
    }
  }

  #settle(task: Task<Job>, settle: () => void): void {
    task.signal?.removeEventListener("abort", task.abort);
    settle();
  }
}
