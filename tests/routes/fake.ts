import type { Address, Engine, Ticket, Tile } from "../../src/tile/tile.ts";

/** An engine of one model whose version and tiles a test decides; what it lacks must not be asked. */
export interface Fake {
  readonly engine: Engine;
  version: string;
  /** What draws a tile. */
  draw(address: Address, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Tiles by tag. */
  readonly cache: Map<string, Tile>;
  /** Tickets made. */
  tickets: number;
}

export function fake(): Fake {
  const made: Fake = {
    version: "1",
    tickets: 0,
    cache: new Map(),
    draw: () => Promise.resolve(Uint8Array.of(1, 2, 3)),
    engine: {
      places: () => [],
      model: () => ({ version: made.version }),
      ticket(address: Address): Ticket {
        made.tickets++;
        const { z, x, y, format } = address;
        const etag = `"${made.version} ${z} ${x} ${y} ${format}"`;
        const type = "image/png", headers = { "Synaptile-Mode": "scientific" };
        return {
          ...{ etag, type, headers },
          immutable: address.query.get("v") === made.version,
          preliminary: false,
          cached: () => made.cache.get(etag),
          async tile(signal) {
            const bytes = await made.draw(address, signal);
            const timings = { read: 1, decode: 2, draw: 3, encode: 4 };
            const tile: Tile = { bytes, type, etag, headers, timings };
            made.cache.set(etag, tile);
            return tile;
          },
        };
      },
    } as unknown as Engine,
  };
  return made;
}
