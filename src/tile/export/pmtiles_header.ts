import type { ImageFormat } from "./sink.ts";

/** Bytes of the header. */
export const HEADER = 127;
const VERSION = 3;
const GZIP = 2, NONE = 1;
const tileTypes: Record<ImageFormat, number> = { png: 2, jpg: 3, webp: 4, avif: 5 };

interface Part {
  readonly offset: number;
  readonly length: number;
}

export interface Header {
  readonly root: Part;
  readonly metadata: Part;
  readonly leaves: Part;
  readonly tiles: Part;
  /** Tiles that can be asked for, runs of them, and different ones. */
  readonly counts: { readonly addressed: number; readonly runs: number; readonly contents: number };
  readonly image: ImageFormat;
  readonly maxZoom: number;
  /** Share of the square of zoom 0 that the picture covers, from its top left corner. */
  readonly across: number;
  readonly down: number;
}

/** The header of an archive that is clustered: tiles lie in the order of their numbers. */
export function header(
  { root, metadata, leaves, tiles, counts, image, maxZoom, across, down }: Header,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("PMTiles"));
  view.setUint8(7, VERSION);
  const parts = [root, metadata, leaves, tiles].flatMap(({ offset, length }) => [offset, length]);
  for (const [i, value] of [...parts, counts.addressed, counts.runs, counts.contents].entries()) {
    view.setBigUint64(8 + i * 8, BigInt(value), true);
  }
  bytes.set([1, GZIP, NONE, tileTypes[image], 0, maxZoom], 96);
  // Longitude and latitude are all that it knows: those of Web Mercator's square.
  const [west, north] = degrees(0, 0), [east, south] = degrees(across, down);
  const [longitude, latitude] = degrees(across / 2, down / 2);
  for (const [i, value] of [west, south, east, north].entries()) {
    view.setInt32(102 + i * 4, Math.round(value * 1e7), true);
  }
  view.setUint8(118, 0);
  view.setInt32(119, Math.round(longitude * 1e7), true);
  view.setInt32(123, Math.round(latitude * 1e7), true);
  return bytes;
}

/** Of a point of Web Mercator's square, whose sides are 1. */
function degrees(x: number, y: number): [longitude: number, latitude: number] {
  return [360 * x - 180, Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180 / Math.PI];
}
