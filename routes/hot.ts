import type { Engine, Ticket } from "../src/tile/tile.ts";
import { cachedTiming, tileHeaders } from "./answer.ts";

/** An answer that needs no routing, parsing or validation any more. */
interface Entry {
  readonly model: string;
  readonly version: string;
  readonly ticket: Ticket;
  /** Made when first needed. Without a body a response can be sent any number of times. */
  unchanged?: Response;
  init?: ResponseInit;
}

/** Some kilobytes an entry; tiles themselves lie in the engine's cache. */
const ENTRIES = 8192;
const LONGEST_URL = 2048;

/**
 * The way past the router for tile URLs that were answered before: a 304, or the tile if the cache
 * has it. What was said of one version of a model is forgotten when another is there.
 */
export class HotPath {
  readonly #engine: Engine;
  readonly #entries = new Map<string, Entry>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Remembers what `url` stands for. */
  keep(url: string, model: string, version: string, ticket: Ticket): void {
    if (url.length > LONGEST_URL) return;
    this.#entries.delete(url);
    this.#entries.set(url, { model, version, ticket });
    if (this.#entries.size <= ENTRIES) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }

  /** Null where the request has to go the whole way. */
  answer(request: Request): Response | null {
    const entry = this.#entries.get(request.url);
    if (entry === undefined || request.method !== "GET") return null;
    if (!this.#isCurrent(entry)) {
      this.#entries.delete(request.url);
      return null;
    }
    const known = request.headers.get("if-none-match");
    if (known !== null) {
      // A list or * is rare enough for the whole way.
      if (known !== entry.ticket.etag) return null;
      return entry.unchanged ??= new Response(null, { status: 304, ...initOf(entry) });
    }
    const tile = entry.ticket.cached();
    return tile ? new Response(tile.bytes, initOf(entry)) : null;
  }

  #isCurrent({ model, version, ticket: { against } }: Entry): boolean {
    try {
      return this.#engine.model(model).version === version &&
        (!against || this.#engine.model(against.id).version === against.version);
    } catch {
      return false; // the whole way answers with the reason
    }
  }
}

const initOf = (entry: Entry): ResponseInit =>
  entry.init ??= { headers: tileHeaders(entry.ticket, cachedTiming) };
