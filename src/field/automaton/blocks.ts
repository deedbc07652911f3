import type { Region } from "./region.ts";

/**
 * Bytes of scratch that a block's arrays take, by the number of axes. More than a second-level cache has:
 * steps are bound by their arithmetic, and margins and calls cost more than the third level does.
 */
const CACHE = { 2: 3 << 20, 3: 1 << 24 } as const;
/**
 * The most cells in a row: whole rows of a plane are copied in one go. Of a plane 2048 wide, passes of one
 * step took two thirds of the time that halves of its rows took.
 */
const ROW = 2048;
/** Rows, and layers, that a block has at least. */
const ROWS = 24;
/** Whole layers are copied in one go too, where a block has at least so many. */
const LAYERS = 12;
/** Rows are cut where shared memory is copied in words: at half of the places a word is cut in two. */
const EVEN = 8;

/**
 * Cuts a region into blocks such that `arrays` of a block's float32 cells stay in that much memory, with
 * `margin` more on every side: long rows, whole layers of them if enough fit, else as many rows as do.
 */
export function blocksOf(region: Region, arrays: number, margin: number): Region[] {
  const axes = region.length === 2 ? 2 : 3;
  const cells = CACHE[axes] / 4 / arrays;
  const row = Math.min(region[0]!.count, ROW, cells / ROWS ** (axes - 1));
  const rows = cells / (row + 2 * margin), all = region[1]!.count;
  const layers = axes === 3 ? rows / (all + 2 * margin) - 2 * margin : 0;
  const side = rows ** (1 / (axes - 1)) - 2 * margin;
  const most = layers < LAYERS ? [row, side, side] : [row, all, layers];
  return region.reduce<Region[]>(
    (blocks, span, axis) => {
      const pieces = cut(span, Math.max(EVEN, most[axis]!), axis === 0 ? EVEN : 1);
      return blocks.flatMap((block) => pieces.map((piece) => [...block, piece]));
    },
    [[]],
  );
}

/** Pieces about as long as each other, no longer than `length`, that begin at whole steps. */
function cut({ first, count }: Region[number], length: number, step: number): Region[number][] {
  const pieces = Math.ceil(count / length);
  const start = (i: number) => i === pieces ? count : Math.floor(i * count / pieces / step) * step;
  return Array.from({ length: pieces }, (_, i) => {
    return { first: first + start(i), count: start(i + 1) - start(i) };
  }).filter(({ count }) => count > 0);
}
