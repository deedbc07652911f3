import OpenSeadragon from "openseadragon";
import { isAbort, type PlaneInfo } from "./api.ts";
import { type Loaded, loadTile } from "./tiles.ts";

/** The plane at its deepest zoom, as OpenSeadragon wants it: a level is a zoom. */
export class PlaneSource extends OpenSeadragon.TileSource {
  #isStopped = false;
  readonly #running = new Set<AbortController>();

  /** Of zooms from `least` on. */
  constructor(
    plane: PlaneInfo,
    least: number,
    private readonly tiles: {
      address: (z: number, x: number, y: number) => string;
      failed: (error: unknown) => void;
      loaded: (tile: OpenSeadragon.Tile, address: string, loaded: Loaded) => void;
    },
  ) {
    const deepest = 2 ** (plane.maxZoom - plane.nativeZoom);
    super({
      width: plane.width * deepest,
      height: plane.height * deepest,
      tileSize: plane.tileSize,
      minLevel: least,
      maxLevel: plane.maxZoom,
    });
  }

  override getTileUrl(level: number, x: number, y: number): string {
    return this.tiles.address(level, x, y);
  }

  override downloadTileStart(job: OpenSeadragon.ImageJob): void {
    const waiting = new AbortController();
    job.userData.waiting = waiting;
    this.#running.add(waiting);
    if (this.#isStopped) waiting.abort();
    loadTile(job.src, { signal: waiting.signal }).then(
      (loaded) => {
        this.tiles.loaded(job.tile, job.src, loaded);
        job.finish(loaded.picture, null, "imageBitmap");
      },
      async (error) => {
        // To OpenSeadragon a tile that nobody wants any more would be a failure to complain of.
        if (this.#isStopped) return job.finish(await nothing(), null, "imageBitmap");
        job.fail(String(error), null);
        if (!isAbort(error)) this.tiles.failed(error);
      },
    ).finally(() => this.#running.delete(waiting));
  }

  /** Sends away what is on its way, and fetches nothing more. */
  stop(): void {
    this.#isStopped = true;
    for (const waiting of this.#running) waiting.abort();
  }

  override downloadTileAbort(job: OpenSeadragon.ImageJob): void {
    job.userData.waiting?.abort();
  }
}

const nothing = () => createImageBitmap(new ImageData(1, 1));
