import { isAbort } from "./api.ts";

/** Frames asked for at once. */
const AT_ONCE = 2;

export interface FrameEvents<T> {
  load(wanted: T, signal: AbortSignal): Promise<ImageBitmap>;
  /** Never an older one after a newer. */
  show(picture: ImageBitmap): void;
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
    if (wanted === null || this.#waiting.size >= AT_ONCE) return;
    this.#wanted = null;
    const number = ++this.#count;
    const waiting = new AbortController();
    this.#waiting.set(number, waiting);
    this.events.load(wanted, waiting.signal).then(
      (picture) => this.#come(number, picture),
      (error) => !isAbort(error) && !waiting.signal.aborted && this.events.failed(error),
    ).finally(() => {
      this.#waiting.delete(number);
      this.#start();
    });
  }

  #come(number: number, picture: ImageBitmap): void {
    if (number <= this.#shown) return picture.close();
    this.#shown = number;
    this.#abortBefore(number);
    this.events.show(picture);
  }

  #abortBefore(number: number): void {
    for (const [other, waiting] of this.#waiting) {
      if (other < number) waiting.abort();
    }
  }
}
