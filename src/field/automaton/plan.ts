import { before, cellsOf, type Edges, type Region, type Size, wholeOf } from "./region.ts";

/** What is known when a tile at step `t` is asked for. */
export interface Question {
  readonly size: Size;
  readonly tile: Region;
  readonly t: number;
  readonly edges: Edges;
  readonly reach: number;
  /** The nearest step up to `t` of which the whole plane is kept, 0 if none is. */
  readonly kept: number;
  /** How many tiles of this step are likely to be asked for, this one included. */
  readonly tiles: number;
  /** The most cells that a plane may have to be computed whole. */
  readonly most: number;
}

/** Steps of single cells that either way takes, for each tile that is likely to be asked for. */
export interface Plan {
  readonly way: "tile" | "plane";
  /** The tile and its halo, from the first step on. */
  readonly tile: number;
  /** The whole plane, from the step that is kept on; infinite where it is too large. */
  readonly plane: number;
}

/** Whether a tile is computed from its halo or the whole plane is, whichever is less work. */
export function choose(question: Question): Plan {
  const { size, t, kept, tiles, most } = question;
  const tile = costOfTile(question), cells = cellsOf(wholeOf(size));
  const plane = cells > most ? Infinity : cells * (t - kept) / tiles;
  return { way: plane <= tile ? "plane" : "tile", tile, plane };
}

/** The cells that are stepped for a tile, over all steps. */
function costOfTile({ tile, t, size, edges, reach }: Question): number {
  const whole = cellsOf(wholeOf(size));
  let cost = 0, region = tile;
  for (let left = t; left > 0; left--) {
    const cells = cellsOf(region);
    if (cells === whole) return cost + cells * left;
    cost += cells;
    region = before(region, size, edges, reach);
  }
  return cost;
}
