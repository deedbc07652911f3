/**
 * One piece of work that several wait for. Whoever cancels leaves alone; the work itself is
 * cancelled once nobody is left.
 */
export class Flight<Value> {
  readonly #result: Promise<Value>;
  readonly #abort = new AbortController();
  readonly #over: () => void;
  #waiting = 0;

  /** `over` hears that there is nothing to join: where the work is given up, and when it ends. */
  constructor(work: (signal: AbortSignal) => Promise<Value>, over: () => void) {
    this.#over = over;
    this.#result = work(this.#abort.signal).finally(over);
  }

  /** The result; rejects with the signal's reason as soon as that is aborted. */
  join(signal?: AbortSignal): Promise<Value> {
    this.#waiting++;
    if (!signal) return this.#result;
    return new Promise<Value>((resolve, reject) => {
      const leave = () => {
        reject(signal.reason);
        if (--this.#waiting > 0) return;
        // Who asks from now on must not join work that is being given up.
        this.#over();
        this.#abort.abort(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#result.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
      if (signal.aborted) leave();
    });
  }
}

/** Identical work that is asked for while it is under way is done once. */
export class SingleFlight<Value> {
  readonly #flights = new Map<string, Flight<Value>>();

  /** Pieces of work under way. */
  get size(): number {
    return this.#flights.size;
  }

  /**
   * Starts `work`, or joins the work of that key that is under way. A caller whose `signal` aborts
   * leaves with the signal's reason; the work itself is aborted once every caller has left.
   */
  run(
    key: string,
    work: (signal: AbortSignal) => Promise<Value>,
    signal?: AbortSignal,
  ): Promise<Value> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return (this.#flights.get(key) ?? this.#start(key, work)).join(signal);
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<Value>): Flight<Value> {
    const flight: Flight<Value> = new Flight(work, () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    this.#flights.set(key, flight);
    return flight;
  }
}
