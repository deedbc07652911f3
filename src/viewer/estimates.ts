import type OpenSeadragon from "openseadragon";
import { type Box, overlapping } from "./box.ts";
import { loadTile } from "./tiles.ts";

type Tile = OpenSeadragon.Tile;

interface Estimate {
  readonly address: string;
  /** Share of the values that the picture was made from. */
  readonly share: number;
  /** Standard error of its pixels in units of the layers' scales, where the server tells it. */
  readonly error: number | null;
  /** Whether there is a better picture by now. */
  outdated: boolean;
}

/** Tiles fetched again at once. */
const AT_ONCE = 4;

/** Better pictures of tiles, in the place of those that OpenSeadragon knows. */
const better = new WeakMap<Tile, ImageBitmap>();

export const betterPicture = (tile: Tile): ImageBitmap | undefined => better.get(tile);

/** Tiles that were drawn from part of the values, and are drawn better once more of them are read. */
export class Estimates {
  readonly #known = new Map<Tile, Estimate>();
  #waiting = new AbortController();
  #busy = false;

  /** A tile has come. */
  note(tile: Tile, address: string, { share, error }: { share: number; error: number | null }) {
    better.delete(tile);
    if (share < 1) this.#known.set(tile, { address, share, error, outdated: false });
    else this.#known.delete(tile);
  }

  forget(): void {
    this.#known.clear();
    this.#waiting.abort();
    this.#waiting = new AbortController();
    this.#busy = false;
  }

  /** There are better pictures of the tiles that share something with one of the boxes. */
  outdate(boxes: readonly Box[] | "all", boxOf: (tile: Tile) => Box): void {
    for (const [tile, estimate] of this.#known) {
      if (boxes !== "all" && !boxes.some((box) => overlapping(box, boxOf(tile)))) continue;
      estimate.outdated = true;
    }
  }

  /** The least share and the largest error of what is seen; null where all of it is exact. */
  of(seen: readonly Tile[]): { share: number; error: number | null } | null {
    const found = seen.flatMap((tile) => this.#known.get(tile) ?? []);
    if (found.length === 0) return null;
    const errors = found.flatMap(({ error }) => error ?? []);
    return {
      share: Math.min(...found.map(({ share }) => share)),
      error: errors.length > 0 ? Math.max(...errors) : null,
    };
  }

  /** Fetches anew what is seen and outdated; the old pictures stay until the new ones are there. */
  async renew(seen: () => readonly Tile[], drawn: () => void): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const { signal } = this.#waiting;
    const failed = new Set<Tile>();
    const next = () =>
      signal.aborted
        ? undefined
        : seen().find((tile) => this.#known.get(tile)?.outdated && !failed.has(tile));
    const work = async () => {
      for (let tile = next(); tile; tile = next()) {
        if (!await this.#renewOne(tile, signal, drawn)) failed.add(tile);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (!signal.aborted) this.#busy = false;
  }

  /** False where it could not be fetched: the estimate stays, and is asked for again some time. */
  async #renewOne(tile: Tile, signal: AbortSignal, drawn: () => void): Promise<boolean> {
    const estimate = this.#known.get(tile)!;
    estimate.outdated = false;
    try {
      const loaded = await loadTile(estimate.address, { signal, cache: "no-cache" });
      if (signal.aborted || this.#known.get(tile) !== estimate) loaded.picture.close();
      else {
        // What was read meanwhile may be missing from it.
        const { outdated } = estimate;
        this.note(tile, estimate.address, loaded);
        const later = this.#known.get(tile);
        if (later) later.outdated = outdated;
        better.set(tile, loaded.picture);
        drawn();
      }
      return true;
    } catch {
      estimate.outdated = true;
      return false;
    }
  }
}
