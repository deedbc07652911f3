import type { Engine, View } from "../tile/tile.ts";
import { mosaic } from "./mosaic.ts";
import { writeFile } from "./output.ts";
import { pngStream } from "./png_stream.ts";
import { progress } from "./progress.ts";

/** Of pictures without cells: 1024 pixels wide. */
const SCREEN = 2;

/** That of one pixel a cell; of pictures that have none, no more than a screen takes. */
export const usualZoom = ({ mode, plane: { nativeZoom } }: View): number =>
  mode.cells === false ? Math.min(SCREEN, nativeZoom) : nativeZoom;

/** Writes the whole plane at zoom `z` as one PNG, whatever its size. Throws what `mosaic` throws. */
export async function writePlane(
  engine: Engine,
  view: View,
  layer: string,
  z: number,
  output: string,
  force: boolean,
  signal: AbortSignal,
): Promise<void> {
  const picture = mosaic(engine, view, layer, z);
  const { width, height, tiles: total } = picture;
  const sign = progress({ unit: "tiles", total, force });
  try {
    await writeFile(output, pngStream(width, height, picture.rows(() => sign.tick(), signal)));
  } finally {
    sign.end();
  }
}
