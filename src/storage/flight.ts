/**
 * One piece of work that several wait for. Whoever cancels leaves alone; the work itself is
 * cancelled once nobody is left.
 */
export class Flight<T> {
  readonly #result: Promise<T>;
  readonly #abort = new AbortController();
  #waiting = 0;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#result = work(this.#abort.signal);
  }

  /** Whether the work was given up, so that there is nothing to join. */
  get cancelled(): boolean {
    return this.#abort.signal.aborted;
  }

  /** The result; rejects with the signal's reason as soon as that is aborted. */
  join(signal?: AbortSignal): Promise<T> {
    this.#waiting++;
    return new Promise<T>((resolve, reject) => {
      let joined = true;
      const leave = () => {
        signal?.removeEventListener("abort", cancel);
        if (joined && --this.#waiting === 0) this.#abort.abort();
        joined = false;
      };
      const cancel = () => {
        leave();
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", cancel);
      this.#result.then(resolve, reject).finally(leave);
      if (signal?.aborted) cancel();
    });
  }
}
