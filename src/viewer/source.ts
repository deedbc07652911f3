import OpenSeadragon from "openseadragon";
import { isAbort, type PlaneInfo } from "./api.ts";
import { type Loaded, loadTile } from "./tiles.ts";

/** The plane at its deepest zoom, as OpenSeadragon wants it: a level is a zoom. */
export class PlaneSource extends OpenSeadragon.TileSource {
  constructor(
    plane: PlaneInfo,
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
      minLevel: plane.minZoom,
      maxLevel: plane.maxZoom,
    });
  }

  override getTileUrl(level: number, x: number, y: number): string {
    return this.tiles.address(level, x, y);
  }

  override downloadTileStart(job: OpenSeadragon.ImageJob): void {
    const waiting = new AbortController();
    job.userData.waiting = waiting;
    loadTile(job.src, { signal: waiting.signal }).then(
      (loaded) => {
        this.tiles.loaded(job.tile, job.src, loaded);
        job.finish(loaded.picture, null, "imageBitmap");
      },
      (error) => {
        job.fail(String(error), null);
        if (!isAbort(error)) this.tiles.failed(error);
      },
    );
  }

  override downloadTileAbort(job: OpenSeadragon.ImageJob): void {
    job.userData.waiting?.abort();
  }
}
