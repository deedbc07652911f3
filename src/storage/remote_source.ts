import { Flight } from "./flight.ts";
import type { HttpSource } from "./http.ts";
import { SECTOR, type Sectors } from "./sectors.ts";
import type { Source, SourceRef } from "./source.ts";
import {
  bridge,
  checkSpan,
  firstBeyond,
  pieces,
  type Span,
  type Stretch,
  total,
  union,
} from "./span.ts";

/** Bytes that may be fetched for one that is wanted, so that near spans need one request. */
const WASTE = 2;
/** A wider gap between two spans is never fetched with them: another request costs less. */
const GAP = 1 << 16;
/** Requests are no longer, so that several connections share the work and a retry costs little. */
const LONGEST = 4 << 20;
/** What a lone read fetches at least: headers are read in small steps. */
const AHEAD = 1 << 12;

interface Fetching extends Span {
  readonly flight: Flight<Uint8Array<ArrayBuffer>>;
}

/**
 * A remote object behind a cache of sectors: what lies there is not fetched again, what is under
 * way is not fetched twice, near spans are fetched together, far ones at once.
 */
export class RemoteSource implements Source {
  readonly #inner: HttpSource;
  readonly #sectors: Sectors;
  readonly #fetching = new Set<Fetching>();

  constructor(inner: HttpSource, sectors: Sectors) {
    this.#inner = inner;
    this.#sectors = sectors;
    const whole = inner.head.length === inner.size;
    const end = whole ? inner.size : inner.head.length - inner.head.length % SECTOR;
    sectors.write(0, inner.head.subarray(0, end));
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

  get ref(): SourceRef & { readonly kind: "remote" } {
    return this.#inner.ref;
  }

  /** How to ask for it, and for what lies beside it. */
  get place(): HttpSource["place"] {
    return this.#inner.place;
  }

  async read(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    checkSpan(this, offset, length);
    const more = Math.min(Math.max(length, AHEAD), this.size - offset);
    const [bytes] = await this.fetch([{ offset, length: length === 0 ? 0 : more }], signal);
    return bytes!.length === length ? bytes! : bytes!.slice(0, length);
  }

  /**
   * The bytes of each span. Fetches at most twice as many, whole sectors aside. Throws what
   * `HttpSource.read` throws; cancelled, its requests end unless others wait for them.
   */
  async fetch(
    spans: readonly Span[],
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    signal?.throwIfAborted();
    for (const { offset, length } of spans) checkSpan(this, offset, length);
    const wanted = union(union(spans).map((span) => this.#aligned(span)));
    const lacking: Span[] = [];
    const held = wanted.map(({ offset, length }) => {
      const bytes = new Uint8Array(length);
      this.#sectors.read(offset / SECTOR, bytes, (from, to) => {
        const end = Math.min(to * SECTOR, this.size);
        lacking.push({ offset: from * SECTOR, length: end - from * SECTOR });
      });
      return { offset, bytes };
    });
    const budget = WASTE * Math.min(total(union(spans)), total(lacking));
    const requests = pieces(bridge(union(lacking), budget, GAP), LONGEST);
    for (const part of await this.#all(requests, signal)) {
      const end = part.offset + part.bytes.length;
      for (let i = firstBeyond(held, part.offset); i < held.length && held[i]!.offset < end; i++) {
        overlay(part, held[i]!);
      }
    }
    return spans.map(({ offset, length }) => {
      const home = length === 0 ? undefined : held[firstBeyond(held, offset)];
      const start = offset - (home?.offset ?? 0);
      return home ? home.bytes.slice(start, start + length) : new Uint8Array(0);
    });
  }

  check(): void {
    this.#inner.check();
  }

  close(): void {
    this.#inner.close();
  }

  #aligned({ offset, length }: Span): Span {
    const start = offset - offset % SECTOR;
    const end = Math.min(this.size, Math.ceil((offset + length) / SECTOR) * SECTOR);
    return { offset: start, length: end - start };
  }

  /** All requests at once; the first that fails ends the others. */
  async #all(requests: readonly Span[], signal?: AbortSignal) {
    const failed = new AbortController();
    const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
    try {
      return await Promise.all(requests.map(async ({ offset, length }) => {
        return { offset, bytes: await this.#one({ offset, length }, either) };
      }));
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  }

  /** Joins a request under way that brings the same bytes, or makes one. */
  async #one(span: Span, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { offset, length } = span;
    const under = this.#fetching.values().find((other) =>
      other.offset <= offset && offset + length <= other.offset + other.length
    );
    if (under) {
      const bytes = await under.flight.join(signal);
      return bytes.subarray(offset - under.offset, offset - under.offset + length);
    }
    const flight = new Flight(async (signal) => {
      const bytes = await this.#inner.read(offset, length, signal);
      this.#sectors.write(offset / SECTOR, bytes);
      return bytes;
    }, () => this.#fetching.delete(fetching));
    const fetching = { offset, length, flight };
    this.#fetching.add(fetching);
    return await flight.join(signal);
  }
}

/** Copies what two stretches share from one to the other. */
function overlay(from: Stretch, to: Stretch): void {
  const start = Math.max(from.offset, to.offset);
  const end = Math.min(from.offset + from.bytes.length, to.offset + to.bytes.length);
  if (start >= end) return;
  to.bytes.set(from.bytes.subarray(start - from.offset, end - from.offset), start - to.offset);
}
