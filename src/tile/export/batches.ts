import type { Grid, Spot } from "./grid.ts";

/** Zooms of which tiles are drawn together, behind the first: their cells are read once. */
const DEEPEST = 3;
/** Batches for each worker, at least: the last one is done by one of them. */
const EACH = 8;

/**
 * At what zoom all tiles in front of one are drawn together with it, `z` being the nearest zoom, and
 * `native` that of the cells: tiles further out than some zooms from there are not drawn of cells.
 */
export function batchZoom({ levels }: Grid, z: number, native: number, workers: number): number {
  const nearest = Math.max(z, native);
  const { columns, rows } = levels.at(-1)!;
  const tiles = columns * rows * 4 ** (nearest - z);
  const depth = Math.floor(Math.log2(tiles / (EACH * workers)) / 2);
  return nearest - Math.min(DEEPEST, Math.max(0, depth));
}

/** The spots in their order, in batches of those in front of the same tile of zoom `z`. */
export function* batches(spots: Iterable<Spot>, z: number): Generator<readonly Spot[]> {
  let batch: Spot[] = [], last: string | null = null;
  for (const spot of spots) {
    const nearer = spot.z - z;
    const key = nearer < 0 ? null : `${spot.x >> nearer},${spot.y >> nearer}`;
    if (batch.length > 0 && (key === null || key !== last)) {
      yield batch;
      batch = [];
    }
    batch.push(spot);
    last = key;
  }
  if (batch.length > 0) yield batch;
}
