interface Held<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** Values by key, bounded by their bytes: the one used longest ago goes first. */
export class LruCache<Value> {
  readonly #limit: number;
  // A Map iterates in order of insertion; a value that is used is inserted again.
  readonly #held = new Map<string, Held<Value>>();
  #bytes = 0;

  /** `limit` in bytes; 0 keeps nothing. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#held.size;
  }

  get(key: string): Value | undefined {
    const held = this.#held.get(key);
    if (!held) return undefined;
    this.#held.delete(key);
    this.#held.set(key, held);
    return held.value;
  }

  /** Keeps `value`, of `bytes` bytes, in place of what `key` had; not at all if it alone is too large. */
  set(key: string, value: Value, bytes: number): void {
    this.delete(key);
    if (bytes > this.#limit) return;
    this.#held.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#limit) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#bytes -= this.#held.get(key)?.bytes ?? 0;
    this.#held.delete(key);
  }

  clear(): void {
    this.#held.clear();
    this.#bytes = 0;
  }
}

interface Flight<Value> {
  readonly result: Promise<Value>;
  readonly controller: AbortController;
  waiters: number;
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
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.waiters++;
    if (!signal) return flight.result;
    return new Promise<Value>((resolve, reject) => {
      const leave = () => {
        reject(signal.reason);
        if (--flight.waiters > 0) return;
        // Who asks from now on must not join work that is being given up.
        this.#land(key, flight);
        flight.controller.abort(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      flight.result.then(resolve, reject).finally(() => {
        signal.removeEventListener("abort", leave);
      });
    });
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<Value>): Flight<Value> {
    const controller = new AbortController();
    const result = work(controller.signal);
    const flight: Flight<Value> = { result, controller, waiters: 0 };
    this.#flights.set(key, flight);
    const land = () => this.#land(key, flight);
    result.then(land, land);
    return flight;
  }

  #land(key: string, flight: Flight<Value>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
