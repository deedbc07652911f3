import { Changed, Unreadable } from "../errors.ts";
import { type Authorize, type HttpClient, type Reply, shown } from "./http_client.ts";
import { type Part, rangeOf, readPart } from "./http_range.ts";
import { type Patience, patience, withRetries } from "./retry.ts";
import type { Source, SourceRef } from "./source.ts";
import { checkSpan, type Span } from "./span.ts";
import { fingerprint } from "./version.ts";

/** Bytes that opening reads: most headers lie there whole. */
const HEAD = 1 << 16;
/** Milliseconds for which an object is believed to be unchanged. */
const BELIEVED = 30_000;
/** Milliseconds for which a redirect is remembered; signed targets live longer. */
const REMEMBERED = 300_000;

/** Where an object is, and how to ask for it. */
export interface Place {
  readonly url: URL;
  /** What messages call it; the URL without its query unless given. */
  readonly name?: string;
  readonly authorize?: Authorize;
}

export interface HttpOptions {
  readonly client: HttpClient;
  readonly patience?: Patience;
  /** Milliseconds for which an object is believed to be unchanged: 30,000 unless given. */
  readonly believed?: number;
}

/**
 * An object behind HTTP(S), read by ranges. Every answer is held against the state that was opened:
 * another size, ETag or modification time is a `Changed`.
 */
export class HttpSource implements Source {
  readonly name: string;
  readonly size: number;
  readonly version: string;
  readonly ref: SourceRef & { readonly kind: "remote" };
  /** The first bytes, which opening has read; all of them where the server gives no less. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** ETag or time of the last change; "" where the server gives neither. */
  readonly validator: string;
  readonly place: Place;
  readonly #options: HttpOptions;
  readonly #closing = new AbortController();
  #target: { readonly url: URL; readonly until: number } | undefined;
  #confirmed = performance.now();
  #checking = false;
  #changed: Changed | undefined;

  private constructor(place: Place, options: HttpOptions, head: Part) {
    this.place = place;
    this.name = nameOf(place);
    this.size = head.size;
    this.head = head.bytes;
    this.validator = head.validator;
    this.version = fingerprint(head.size, head.validator, head.bytes);
    this.ref = { kind: "remote", url: this.name, size: this.size, version: this.version };
    this.#options = options;
  }

  /**
   * Reads the first 64 KiB, and with them size and validator. Throws `Forbidden` for an address that
   * the client's policy does not allow, `Unreadable` for what cannot be read.
   */
  static async open(place: Place, options: HttpOptions, signal?: AbortSignal): Promise<HttpSource> {
    const span = { offset: 0, length: HEAD };
    const head = await withRetries(
      async () => await readPart(await ask(options.client, place.url, place, span, signal), span),
      options.patience ?? patience,
      signal,
    );
    return new HttpSource(place, options, head);
  }

  async read(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    checkSpan(this, offset, length);
    if (offset + length <= this.head.length) return this.head.slice(offset, offset + length);
    const either = AbortSignal.any([this.#closing.signal, ...signal ? [signal] : []]);
    const work = () => this.#attempt({ offset, length }, either);
    const part = await withRetries(work, this.#options.patience ?? patience, either);
    const start = offset - part.offset;
    const exact = start === 0 && part.bytes.length === length;
    return exact ? part.bytes : part.bytes.slice(start, start + length);
  }

  /** Asks the server in the background every now and then; what it said is thrown the next time. */
  check(): void {
    if (this.#changed) throw this.#changed;
    const { believed = BELIEVED } = this.#options;
    const believes = performance.now() - this.#confirmed < believed;
    if (this.#checking || believes || this.size === 0) return;
    this.#checking = true;
    this.#attempt({ offset: 0, length: 1 }, this.#closing.signal)
      .catch(() => this.#confirmed = performance.now()) // a change is kept; else reads tell
      .finally(() => this.#checking = false);
  }

  close(): void {
    this.#closing.abort(new Changed(`${this.name} was closed`, { url: this.name }));
  }

  async #attempt(span: Span, signal: AbortSignal): Promise<Part> {
    try {
      const part = await readPart(await this.#ask(span, signal), span, this);
      this.#confirmed = performance.now();
      return part;
    } catch (error) {
      if (error instanceof Changed) this.#changed = error;
      throw error;
    }
  }

  /** Goes where the last redirects led, and from the start again where that has expired. */
  async #ask(span: Span, signal: AbortSignal): Promise<Reply> {
    const { client } = this.#options;
    const target = this.#target;
    if (target && performance.now() < target.until) {
      const reply = await ask(client, target.url, { url: target.url }, span, signal);
      if (![401, 403, 404, 410].includes(reply.status)) return reply;
      reply.discard();
    }
    this.#target = undefined;
    const reply = await ask(client, this.place.url, this.place, span, signal);
    if (reply.url.origin !== this.place.url.origin) {
      this.#target = { url: reply.url, until: performance.now() + REMEMBERED };
    }
    return reply;
  }
}

/** What messages call the object at a place. */
export const nameOf = ({ url, name }: Place): string => name ?? shown(url);

function ask(
  client: HttpClient,
  url: URL,
  { authorize }: Place,
  span: Span,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  return client.get(url, { range: rangeOf(span) }, authorize, signal);
}

/** Whether opening failed since there is nothing at that URL. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Unreadable && error.details["status"] === 404;
