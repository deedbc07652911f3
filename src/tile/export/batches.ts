import type { Grid, Spot } from "./grid.ts";

/** Zooms of which tiles are drawn together, behind the first: their cells are read once. */
const DEEPEST = 3;
/** Batches for each worker, at least: the last one is done by one of them. */
const EACH = 8;

/**
 * The zoom of the tiles in front of which others are drawn together; Infinity where none are. `z` is
 * the nearest zoom, and `native` that of the cells, which tiles much further out are not drawn of.
 */
export function batchZoom({ levels }: Grid, z: number, native: number, workers: number): number {
  const nearest = Math.max(z, native);
  const { columns, rows } = levels.at(-1)!;
  const tiles = columns * rows * 4 ** (nearest - z);
  const depth = Math.floor(Math.log2(tiles / (EACH * workers)) / 2);
  return depth > 0 ? nearest - Math.min(DEEPEST, depth) : Infinity;
}

/**
 * The spots in their order, in batches of those that follow each other in front of one tile of zoom
 * `z`, that tile with them: whole squares where the grid goes square by square, else parts of rows.
 */
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
