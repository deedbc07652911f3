import { isAbort, type Parameter } from "./api.ts";

/** Pictures fetched ahead of the one that is shown. */
const AHEAD = 2;

export interface Screen {
  /** Fetches the picture of a value; what is answered shows it. */
  prepare(value: number, signal: AbortSignal): Promise<() => unknown>;
  /** It has come to its end, or was stopped. */
  ended(): void;
  failed(error: unknown): void;
}

/** Runs a parameter through its range: the picture before stays until the next one is there. */
export class Film {
  #waiting: AbortController | null = null;

  constructor(private readonly screen: Screen) {}

  get isRunning(): boolean {
    return this.#waiting !== null;
  }

  /** From a value on; from the beginning where that is the end. */
  start(parameter: Parameter, value: number): void {
    this.stop();
    const waiting = new AbortController();
    this.#waiting = waiting;
    this.#run(parameter, value, waiting.signal)
      .catch((error) => !isAbort(error) && !waiting.signal.aborted && this.screen.failed(error))
      .finally(() => this.#waiting === waiting && this.stop());
  }

  stop(): void {
    if (!this.#waiting) return;
    this.#waiting.abort();
    this.#waiting = null;
    this.screen.ended();
  }

  async #run(parameter: Parameter, value: number, signal: AbortSignal): Promise<void> {
    const interval = 1000 / parameter.plays!.pace;
    const coming: Promise<() => unknown>[] = [];
    let last: number | null = after(parameter, value) === null
      ? valueAt(parameter, boundsOf(parameter, value)[0])
      : after(parameter, value);
    let due = performance.now();
    while (!signal.aborted) {
      for (; last !== null && coming.length < AHEAD; last = after(parameter, last)) {
        const picture = this.screen.prepare(last, signal);
        // Those that are never waited for fail in silence.
        picture.catch(() => {});
        coming.push(picture);
      }
      const first = coming.shift();
      if (!first) return;
      const show = await first;
      await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
      if (signal.aborted) return;
      due = performance.now() + interval;
      await show();
    }
  }
}

/** Where a value stands in what is run through: its place among the only ones there are, or itself. */
export function placeOf({ values }: Parameter, value: number): number {
  return values ? Math.max(0, values.findLastIndex((one) => one <= value)) : value;
}

/** The value at a place, or near it. */
export function valueAt({ values }: Parameter, place: number): number {
  return values?.[Math.max(0, Math.min(values.length - 1, Math.round(place)))] ?? place;
}

/** The first and the last of the places that are run through, given the value of one of them. */
export function boundsOf(
  { plays, minimum, maximum, values }: Parameter,
  value: number,
): [number, number] {
  if (values) return [0, values.length - 1];
  const first = plays?.from ?? minimum ?? 0, last = plays?.to ?? maximum ?? 1;
  return [Math.min(first, value), value > last ? maximum ?? value : last];
}

/** The value that follows; null at the end. */
export function after(parameter: Parameter, value: number): number | null {
  const [first, last] = boundsOf(parameter, value), place = placeOf(parameter, value);
  const { step, wraps } = parameter.plays!;
  const at = (place: number) => valueAt(parameter, Number(place.toFixed(6)));
  if (place >= last) return wraps ? at(first + step) : null;
  return at(Math.min(last, place + step));
}
