import { cellAt, eachCell, type Grid, roomOf } from "./grid.ts";

/** Cells around a target that are to stay empty. */
export const MARGIN = 4;

/** What cells are to grow into: their first channels, an array each, row by row; the last is opacity, 0 to 1. */
export interface Target {
  readonly width: number;
  readonly height: number;
  readonly channels: readonly Float32Array[];
}

/** The plane that a target is grown on. */
export const gridOf = ({ width, height }: Target, channels: number): Grid => ({
  ...{ width: width + 2 * MARGIN, height: height + 2 * MARGIN, channels },
});

/** A target in the middle of its grid, in whose order its numbers are; those of a cell together. */
export function laidOut({ width, channels }: Target, grid: Grid): Float32Array {
  const count = channels.length, out = new Float32Array(roomOf(grid) * count);
  for (const [c, values] of channels.entries()) {
    for (const [i, value] of values.entries()) {
      const cell = cellAt(grid, MARGIN + i % width, MARGIN + Math.floor(i / width));
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
