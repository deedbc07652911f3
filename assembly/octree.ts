// octree: merges a brick of cells into an octree, in Morton order, blocks of 4 × 4 × 4 at a time. Each
// node is made when the last of its children is, and what an inner node's children are is listed there
// and then, so that nothing but the cells, the lists and eight nodes a level is ever touched.
import { anyBlock, wholeBlock } from "./octree_cells";
import { Lists, preparePacking, ROOT, setLevels } from "./octree_lists";
import {
  ABSENT,
  COUNT,
  join,
  LEAST,
  MEAN,
  MOST,
  nodesOf,
  setNone,
  setRule,
  STATE,
  VARIANCE,
} from "./octree_nodes";

const BLOCK: i32 = 4;
/** Blocks of a quarter of a brick of 64 cells a side, which has as many rows of cells: 32 × 32. */
const QUARTER: i32 = 1024;
const ROWS: i32 = 32;
const LINE: usize = 64;

/** Something to write to, so that what is only touched is not left out. */
const touched = memory.data(16, 16);

/**
 * `first` is the address of cell (0, 0, 0), `pitch` and `slice` are in bytes; the cube has 2^`levels`
 * cells a side. `lists` is a table as octree_lists.ts has it.
 */
export function octree(
  first: usize,
  pitch: usize,
  slice: usize,
  width: i32,
  height: i32,
  depth: i32,
  levels: i32,
  lists: Lists,
  epsilon: f32,
  variance: f32,
  kappa: f32,
  largest: f32,
): void {
  setRule(epsilon, variance, kappa, largest);
  setLevels(levels);
  preparePacking();
  const end = 1 << (3 * levels - 6);
  for (let row = 0; row < QUARTER; row++) touch(first, pitch, slice, width, height, depth, row);
  for (let m = 0; m < end;) {
    touch(first, pitch, slice, width, height, depth, m + QUARTER);
    const x = BLOCK * every3rd(m), y = BLOCK * every3rd(m >> 1), z = BLOCK * every3rd(m >> 2);
    let level = 2;
    if (x < width && y < height && z < depth) {
      const at = first + (<usize> x << 2) + <usize> y * pitch + <usize> z * slice;
      const whole = x + BLOCK <= width && y + BLOCK <= height && z + BLOCK <= depth;
      if (!whole || !wholeBlock(at, pitch, slice, lists)) {
        anyBlock(at, pitch, slice, width - x, height - y, depth - z, lists);
      }
      join(2, m & 7, lists);
      m++;
    } else {
      // All of the largest node that begins here lies outside.
      level = m == 0 ? levels : 2 + i32.ctz(m) / 3;
      setNone(nodesOf(level), (m >> (3 * level - 6)) & 7, ABSENT, NaN);
      m += 1 << (3 * level - 6);
    }
    while (level < levels && (m & ((1 << (3 * level - 3)) - 1)) == 0) {
      level++;
      join(level, ((m - 1) >> (3 * level - 6)) & 7, lists);
    }
  }
  const root = nodesOf(levels), to = lists + ROOT;
  store<u32>(to, load<u8>(root + STATE));
  store<f32>(to, load<f32>(root + COUNT), 4);
  store<f32>(to, load<f32>(root + MEAN), 8);
  store<f32>(to, load<f32>(root + VARIANCE), 12);
  store<f32>(to, load<f32>(root + LEAST), 16);
  store<f32>(to, load<f32>(root + MOST), 20);
}

/**
 * Has a row of cells brought into the cache, quarter by quarter of the brick, a quarter before they are
 * merged: in the order in which they lie, and beside other work, that takes a fraction of the time that
 * fetching them in Morton order does.
 */
function touch(
  first: usize,
  pitch: usize,
  slice: usize,
  width: i32,
  height: i32,
  depth: i32,
  row: i32,
): void {
  const quarter = row / QUARTER;
  const y = (quarter & 1) * ROWS + row % ROWS;
  const z = (quarter >> 1) * ROWS + (row / ROWS) % ROWS;
  if (y >= height || z >= depth) return;
  const at = first + <usize> z * slice + <usize> y * pitch, end = at + (<usize> width << 2);
  let sum: u32 = 0;
  for (let line = at; line < end; line += LINE) sum += load<u8>(line);
  store<u32>(touched, sum);
}

/** Bits 0, 3, 6 and 9 of a number side by side. */
function every3rd(bits: i32): i32 {
  bits &= 0x249;
  bits = (bits | (bits >> 2)) & 0xc3;
  return (bits | (bits >> 4)) & 15;
}
