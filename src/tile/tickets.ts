import { SingleFlight } from "../storage/flight.ts";
import { LruCache } from "../storage/lru.ts";
import type { Rendered } from "./render.ts";
import { formats, type Ticket, type Tile, type TileFormat } from "./tile.ts";

/** What is known of a tile before it is drawn. */
export interface Promised {
  /** Hash of all that the picture follows from. */
  readonly tag: string;
  readonly format: TileFormat;
  readonly headers: Readonly<Record<string, string>>;
  /** Share of its cells that the picture is made from; 1 where it is exact. */
  readonly share: number;
  /** Whether the URL names the version, so that an exact picture never changes. */
  readonly versioned: boolean;
  /** The model that another is compared or drawn with. */
  readonly against?: Ticket["against"];
  draw(signal: AbortSignal): Promise<Rendered>;
}

/** Tiles that were drawn lately, and those being drawn, each once. */
export class Tickets {
  readonly #tiles: LruCache<Tile>;
  readonly #flight = new SingleFlight<Tile>();

  /** `limit` in bytes of encoded tiles. */
  constructor(limit: number) {
    this.#tiles = new LruCache(limit);
  }

  make({ tag, format, headers: own, share, versioned, against, draw }: Promised): Ticket {
    // Weak: another sample of the same cells would serve as well.
    const etag = share < 1 ? `W/"${tag}"` : `"${tag}"`;
    const type = formats[format];
    const headers = { ...own, "Synaptile-Refinement": String(Number(share.toPrecision(3))) };
    return {
      etag,
      immutable: share === 1 && versioned,
      preliminary: share < 1,
      type,
      headers,
      ...(against ? { against } : {}),
      cached: () => this.#tiles.get(etag),
      tile: async (signal) => {
        const known = this.#tiles.get(etag);
        if (known) return known;
        return await this.#flight.run(etag, async (signal) => {
          const { bytes, timings, error } = await draw(signal);
          const told = error === undefined
            ? headers
            : { ...headers, "Synaptile-Standard-Error": String(Number(error.toPrecision(3))) };
          const tile: Tile = { bytes, type, etag, headers: told, timings };
          this.#tiles.set(etag, tile, bytes.length);
          return tile;
        }, signal);
      },
    };
  }
}
