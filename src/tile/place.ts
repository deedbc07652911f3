import { BadRequest, NotFound } from "../errors.ts";
import { TILE } from "../field/plane.ts";
import type { Address, View } from "./tile.ts";

// A Deep Zoom pyramid, whose tiles are cropped, goes on to a single pixel.
const FURTHEST = -8;

/** Throws `BadRequest` for a zoom that the view has not, `NotFound` for a tile beyond its plane. */
export function checkPlace({ z, x, y, crop, density }: Address, { plane, tensor }: View): void {
  const lowest = crop ? FURTHEST : plane.minZoom;
  if (!Number.isInteger(z) || z < lowest || z > plane.maxZoom) {
    throw new BadRequest(`zoom ${z} is not a whole number from ${lowest} to ${plane.maxZoom}`, {
      parameter: "z",
      found: z,
      minimum: lowest,
      maximum: plane.maxZoom,
    });
  }
  const scale = 2 ** (z - plane.nativeZoom);
  const columns = Math.ceil(plane.width * scale / TILE),
    rows = Math.ceil(plane.height * scale / TILE);
  if (x >= 0 && y >= 0 && x < columns && y < rows) return;
  throw new NotFound(
    `tile ${z}/${x}/${y}${
      density === 2 ? "@2x" : ""
    } is beyond "${tensor}": zoom ${z} has ${columns} × ${rows} tiles`,
    { z, x, y, columns, rows },
  );
}
