import { TILE } from "../../field/plane.ts";
import { deepestLevel } from "../address.ts";
import { tilesAlongCurve } from "./hilbert.ts";

/** A tile's place. */
export interface Spot {
  /** In the order of the export. */
  readonly index: number;
  /** As the format counts them. */
  readonly level: number;
  /** As the engine counts them. */
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

/** The tiles of a pyramid, in the order in which they are written. */
export interface Grid {
  readonly count: number;
  /** Whether tiles are cut to the plane. */
  readonly crop: boolean;
  readonly levels: readonly Level[];
  /** From the one with that index on. */
  spots(from: number): Iterable<Spot>;
}

interface Level {
  readonly level: number;
  readonly z: number;
  readonly columns: number;
  readonly rows: number;
  /** Index of its first tile. */
  readonly first: number;
}

// Levels at the near end that are drawn from the file, written square by square: what is read for
// a tile of the furthest of them is still at hand for those in front of it.
const TOGETHER = 4;

/** Levels from one pixel on, tiles cut to the plane. `width`, `height` in pixels at zoom `z`. */
export function deepZoomGrid(width: number, height: number, z: number): Grid {
  const { levels, count } = stack(width, height, z, deepestLevel({ width, height }));
  const far = levels.slice(0, -TOGETHER), near = levels.slice(-TOGETHER);
  return {
    ...{ count, levels, crop: true },
    *spots(from) {
      const places = function* () {
        for (const level of far) yield* part(level, 0, 0, Infinity);
        for (const { x, y } of part(near[0]!, 0, 0, Infinity)) {
          for (const [i, level] of near.entries()) yield* part(level, x << i, y << i, 1 << i);
        }
      };
      let index = 0;
      for (const place of places()) if (index++ >= from) yield { ...place, index: index - 1 };
    },
  };
}

/** The tiles of a square of `side` tiles, row by row. */
function* part({ level, z, columns, rows }: Level, left: number, top: number, side: number) {
  const right = Math.min(columns, left + side), bottom = Math.min(rows, top + side);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) yield { level, z, x, y };
  }
}

/** Zooms from one tile on, tiles whole, along the Hilbert curve of each. */
export function xyzGrid(width: number, height: number, z: number): Grid {
  const { levels, count } = stack(width, height, z, z);
  return {
    ...{ count, levels, crop: false },
    *spots(from) {
      for (const { level, z, columns, rows, first } of levels) {
        if (first + columns * rows <= from) continue;
        let index = first;
        for (const [x, y] of tilesAlongCurve(z, columns, rows)) {
          if (index >= from) yield { index, level, z, x, y };
          index++;
        }
      }
    },
  };
}

/** `steps` + 1 levels, the last of them at zoom `z`. */
function stack(width: number, height: number, z: number, steps: number) {
  const levels: Level[] = [];
  let count = 0;
  for (let level = 0; level <= steps; level++) {
    const side = TILE * 2 ** (steps - level);
    const columns = Math.ceil(width / side), rows = Math.ceil(height / side);
    levels.push({ level, z: z - (steps - level), columns, rows, first: count });
    count += columns * rows;
  }
  return { levels, count };
}
