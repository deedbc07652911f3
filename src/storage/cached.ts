import { Flight } from "./flight.ts";
import type { Source, SourceRef } from "./source.ts";
import { checkSpan } from "./span.ts";

/** How much a cache may hold, and in what pieces. */
export interface CacheLimits {
  /** Bytes of a block; blocks start at its multiples. */
  readonly block: number;
  /** Bytes of all blocks together. */
  readonly bytes: number;
}

const limits: CacheLimits = { block: 1 << 16, bytes: 64 << 20 };

/**
 * Keeps the blocks read last. A block wanted by several at once is read once. Has no `readSync`:
 * what need not wait lies in the system's own cache already.
 */
export class CachedSource implements Source {
  readonly #inner: Source;
  readonly #limits: CacheLimits;
  /** By block number; the one used longest ago comes first. */
  readonly #blocks = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #flights = new Map<number, Flight<Uint8Array<ArrayBuffer>>>();
  #held = 0;

  constructor(inner: Source, given: Partial<CacheLimits> = {}) {
    this.#inner = inner;
    this.#limits = { ...limits, ...given };
  }

  get name(): string {
    return this.#inner.name;
  }

  get size(): number {
    return this.#inner.size;
  }

  get version(): string {
    return this.#inner.version;
  }

  get ref(): SourceRef {
    return this.#inner.ref;
  }

  /** Bytes in the cache now. */
  get held(): number {
    return this.#held;
  }

  async read(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    checkSpan(this, offset, length);
    const into = new Uint8Array(length);
    const { block } = this.#limits;
    const first = Math.floor(offset / block);
    const count = length === 0 ? 0 : Math.floor((offset + length - 1) / block) - first + 1;
    await Promise.all(Array.from({ length: count }, async (_, i) => {
      const start = (first + i) * block;
      const bytes = await this.#block(first + i, signal);
      const from = Math.max(0, offset - start);
      into.set(bytes.subarray(from, offset + length - start), start + from - offset);
    }));
    return into;
  }

  check(): void {
    this.#inner.check();
  }

  close(): void {
    this.#blocks.clear();
    this.#held = 0;
    this.#inner.close();
  }

  #block(number: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#blocks.get(number);
    if (kept) {
      this.#blocks.delete(number);
      this.#blocks.set(number, kept);
      return Promise.resolve(kept);
    }
    const flying = this.#flights.get(number);
    if (flying && !flying.cancelled) return flying.join(signal);
    const flight = new Flight((signal) => this.#fetch(number, signal));
    this.#flights.set(number, flight);
    const land = () => {
      if (this.#flights.get(number) === flight) this.#flights.delete(number);
    };
    return flight.join(signal).finally(land);
  }

  async #fetch(number: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const start = number * this.#limits.block;
    const length = Math.min(this.#limits.block, this.size - start);
    const bytes = await this.#inner.read(start, length, signal);
    this.#keep(number, bytes);
    return bytes;
  }

  #keep(number: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#held += bytes.length - (this.#blocks.get(number)?.length ?? 0);
    this.#blocks.set(number, bytes);
    for (const [oldest, { length }] of this.#blocks) {
      if (this.#held <= this.#limits.bytes) break;
      this.#blocks.delete(oldest);
      this.#held -= length;
    }
  }
}
