/**
 * How a state in training lies in memory: row by row, all channels of a cell together, with a border of
 * one cell on every side, which is always 0.
 */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Cells from one row to the next. */
export const pitchOf = ({ width }: Grid): number => width + 2;

/** Cells, those of the border too. */
export const roomOf = ({ width, height }: Grid): number => (width + 2) * (height + 2);

/** Which cell, counted from the border's first, lies at a place. */
export const cellAt = (grid: Grid, x: number, y: number): number => (y + 1) * pitchOf(grid) + x + 1;

/** Visits all cells but the border's, row by row. */
export function eachCell(
  grid: Grid,
  visit: (cell: number, x: number, y: number) => void,
): void {
  for (let y = 0; y < grid.height; y++) {
    for (let x = 0; x < grid.width; x++) visit(cellAt(grid, x, y), x, y);
  }
}

/** Cells of which one of the nine around them, themselves included, is marked. */
export function spread(grid: Grid, marks: Uint8Array): Uint8Array {
  const out = new Uint8Array(marks.length), pitch = pitchOf(grid);
  eachCell(grid, (cell) => {
    const row = (at: number) => marks[at - 1]! | marks[at]! | marks[at + 1]!;
    out[cell] = row(cell - pitch) | row(cell) | row(cell + pitch);
  });
  return out;
}

/** A state of nothing but one cell in the middle, all of whose channels from `from` on are 1. */
export function seedState(grid: Grid, from: number): Float32Array {
  const state = new Float32Array(roomOf(grid) * grid.channels);
  const middle = cellAt(grid, grid.width >> 1, grid.height >> 1) * grid.channels;
  state.fill(1, middle + from, middle + grid.channels);
  return state;
}
