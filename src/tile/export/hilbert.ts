// The order of tiles in PMTiles: zoom by zoom, along a Hilbert curve in each
// (https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md, 4.1.1).

/** The number of a tile in that order. Exact up to zoom 26. */
export function tileId(z: number, x: number, y: number): number {
  let id = (4 ** z - 1) / 3;
  for (let side = 2 ** z / 2; side >= 1; side /= 2) {
    const right = x & side ? 1 : 0, down = y & side ? 1 : 0;
    id += side * side * ((3 * right) ^ down);
    if (down === 0) {
      if (right === 1) [x, y] = [side - 1 - x, side - 1 - y];
      [x, y] = [y, x];
    }
  }
  return id;
}

/**
 * The tiles of zoom `z` in the first `columns` and `rows`, in the order of their numbers. Squares
 * that lie outside are passed over whole, so that a long, thin plane costs no more than its tiles.
 */
export function* tilesAlongCurve(
  z: number,
  columns: number,
  rows: number,
): Generator<[number, number]> {
  // A square with the two directions in which the curve crosses it, from its entrance on.
  const stack: (readonly [x: number, y: number, side: number, turn: Turn])[] = [[0, 0, 2 ** z, 0]];
  for (let square = stack.pop(); square; square = stack.pop()) {
    const [x, y, side, turn] = square;
    if (x >= columns || y >= rows) continue;
    if (side === 1) {
      yield [x, y];
      continue;
    }
    const half = side / 2;
    for (const [right, down, next] of quarters[turn].toReversed()) {
      stack.push([x + right * half, y + down * half, half, next]);
    }
  }
}

/** How a square is crossed: bit 0 swaps x and y, bit 1 turns it upside down. */
type Turn = 0 | 1 | 2 | 3;

/** The quarters of a square, as the curve visits them, and how it crosses each. */
const quarters: Record<Turn, readonly (readonly [number, number, Turn])[]> = {
  0: [[0, 0, 1], [0, 1, 0], [1, 1, 0], [1, 0, 3]],
  1: [[0, 0, 0], [1, 0, 1], [1, 1, 1], [0, 1, 2]],
  2: [[1, 1, 3], [1, 0, 2], [0, 0, 2], [0, 1, 1]],
  3: [[1, 1, 2], [0, 1, 3], [0, 0, 3], [1, 0, 0]],
};
