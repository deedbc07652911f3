import { BadRequest, TooLarge } from "../errors.ts";
import { askedOf } from "../tile/links.ts";
import type { Engine, View } from "../tile/tile.ts";

/** A whole plane at one zoom, put together of its tiles. */
export interface Mosaic {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly tiles: number;
  /** RGBA8, one row of tiles at a time; `tick` is called for each tile. */
  rows(tick: () => void, signal: AbortSignal): AsyncGenerator<Uint8Array>;
}

/** Bytes of one row of tiles. */
const LARGEST_BAND = 2 ** 30;
/** Tiles asked for at once: enough for any number of workers, and far from filling the queue. */
const AT_ONCE = 256;

/**
 * The plane of `view` at zoom `z`. Tiles of a row are drawn side by side, as workers allow. Throws
 * `BadRequest` for a zoom that the mode does not have, `TooLarge` where a row would not fit memory.
 */
export function mosaic(engine: Engine, view: View, layer: string, z: number): Mosaic {
  const { width: cellsAcross, height: cellsDown, nativeZoom, maxZoom, tileSize } = view.plane;
  if (z > maxZoom) {
    const message = `there is no zoom ${z}: "${layer}" has zooms 0 to ${maxZoom}`;
    throw new BadRequest(message, { parameter: "z", found: z, minimum: 0, maximum: maxZoom });
  }
  const scale = 2 ** (z - nativeZoom);
  const width = Math.ceil(cellsAcross * scale), height = Math.ceil(cellsDown * scale);
  if (width * tileSize * 4 > LARGEST_BAND) {
    throw new TooLarge(`a plane ${width} pixels wide does not fit memory; choose a smaller zoom`);
  }
  const columns = Math.ceil(width / tileSize), rows = Math.ceil(height / tileSize);

  const pixels = async (x: number, y: number, signal: AbortSignal) => {
    const { bytes } = await engine.ticket({
      model: view.model.id,
      layer,
      mode: view.mode.name,
      ...{ z, x, y },
      density: 1,
      crop: true,
      format: "bin",
      query: askedOf(view),
    }).tile(signal);
    return bytes;
  };

  return {
    width,
    height,
    tiles: columns * rows,
    async *rows(tick, signal) {
      for (let y = 0; y < rows; y++) {
        const high = Math.min(tileSize, height - y * tileSize);
        const band = new Uint8Array(width * high * 4);
        const draw = async (x: number) => {
          const wide = Math.min(tileSize, width - x * tileSize);
          place(await pixels(x, y, signal), wide * 4, band, x * tileSize * 4, width * 4);
          tick();
        };
        for (let from = 0; from < columns; from += AT_ONCE) {
          const length = Math.min(AT_ONCE, columns - from);
          await Promise.all(Array.from({ length }, (_, i) => draw(from + i)));
        }
        yield band;
      }
    },
  };
}

/** Copies rows of `pitch` bytes into a wider picture, from byte `start` of each of its rows on. */
function place(tile: Uint8Array, pitch: number, into: Uint8Array, start: number, step: number) {
  for (let from = 0, to = start; from < tile.length; from += pitch, to += step) {
    into.set(tile.subarray(from, from + pitch), to);
  }
}
