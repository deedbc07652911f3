import { isAbort } from "./api.ts";
import type { Shot } from "./shot.ts";

export interface FrameEvents<T> {
  /** Frames that are asked for at once. */
  atOnce(): number;
  load(wanted: T, signal: AbortSignal): Promise<Shot>;
  /** Never an older one after a newer. */
  show(shot: Shot): void;
  failed(error: unknown): void;
}

/** Pictures of something that changes faster than they come: what is wanted last is asked for next. */
export class Frames<T> {
  #wanted: T | null = null;
  #count = 0;
  #shown = 0;
  readonly #waiting = new Map<number, AbortController>();

  constructor(private readonly events: FrameEvents<T>) {}

  ask(wanted: T): void {
    this.#wanted = wanted;
    this.#start();
  }

  /** Nothing more is shown. */
  stop(): void {
    this.#wanted = null;
    this.#shown = this.#count;
    this.#abortBefore(Infinity);
  }

  #start(): void {
    const wanted = this.#wanted;
    if (wanted === null || this.#waiting.size >= this.events.atOnce()) return;
    this.#wanted = null;
    const number = ++this.#count;
    const waiting = new AbortController();
    this.#waiting.set(number, waiting);
    this.events.load(wanted, waiting.signal).then(
      (shot) => this.#come(number, shot),
      (error) => !isAbort(error) && !waiting.signal.aborted && this.events.failed(error),
    ).finally(() => {
      this.#waiting.delete(number);
      this.#start();
    });
  }

  #come(number: number, shot: Shot): void {
    if (number <= this.#shown) return shot.picture.close();
    this.#shown = number;
    this.#abortBefore(number);
    this.events.show(shot);
  }

  #abortBefore(number: number): void {
    for (const [other, waiting] of this.#waiting) {
      if (other < number) waiting.abort();
    }
  }
}
