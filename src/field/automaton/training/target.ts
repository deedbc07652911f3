import { cellAt, eachCell, type Grid, roomOf } from "./grid.ts";

/** Cells around a target that are to stay empty, where it grows from one cell. */
export const MARGIN = 4;

/** The first channels of cells, an array each, row by row. */
export interface Cells {
  readonly width: number;
  readonly height: number;
  readonly channels: readonly Float32Array[];
}

/** What cells are to grow into; where they grow from one cell, the last channel is opacity, 0 to 1. */
export type Target = Cells;

/** The plane that a target is grown on. */
export const gridOf = ({ width, height }: Cells, channels: number, margin = MARGIN): Grid => ({
  ...{ width: width + 2 * margin, height: height + 2 * margin, channels },
});

/**
 * Cells in the middle of a grid, in whose order their numbers are; those of a cell together, as many as the
 * cells have or, where there is a `count`, so many, zeros in what they have not.
 */
export function laidOut(
  { width, height, channels }: Cells,
  grid: Grid,
  count = channels.length,
): Float32Array {
  const out = new Float32Array(roomOf(grid) * count);
  const left = (grid.width - width) / 2, top = (grid.height - height) / 2;
  for (const [c, values] of channels.entries()) {
    for (const [i, value] of values.entries()) {
      const cell = cellAt(grid, left + i % width, top + Math.floor(i / width));
      out[cell * count + c] = value;
    }
  }
  return out;
}

/** The mean of the squares by which a state misses what it should be. */
export function lossOf(grid: Grid, state: Float32Array, wanted: Float32Array): number {
  let sum = 0;
  visitMisses(grid, state, wanted, (miss) => sum += miss * miss);
  return sum / count(grid, wanted);
}

/** The slopes of that by a state's numbers. */
export function slopesOf(grid: Grid, state: Float32Array, wanted: Float32Array): Float32Array {
  const slopes = new Float32Array(state.length), factor = 2 / count(grid, wanted);
  visitMisses(grid, state, wanted, (miss, at) => slopes[at] = factor * miss);
  return slopes;
}

const count = (grid: Grid, wanted: Float32Array): number =>
  wanted.length / roomOf(grid) * grid.width * grid.height;

function visitMisses(
  grid: Grid,
  state: Float32Array,
  wanted: Float32Array,
  visit: (miss: number, at: number) => void,
): void {
  const channels = wanted.length / roomOf(grid);
  eachCell(grid, (cell) => {
    for (let c = 0; c < channels; c++) {
      const at = cell * grid.channels + c;
      visit(state[at]! - wanted[cell * channels + c]!, at);
    }
  });
}
