// The lowest two levels of an octree: blocks of 4 × 4 × 4 cells.
import { evens, odds } from "./lanes";
import { INNER_COUNT, LEAVES, Lists } from "./octree_lists";
import {
  ABSENT,
  closeFour,
  COUNT,
  EMPTY,
  INFINITE,
  join,
  LEAF,
  LEAST,
  MEAN,
  MOST,
  nodesOf,
  setCell,
  setNone,
  STATE,
  VARIANCE,
} from "./octree_nodes";

/**
 * Eight nodes of 2 × 2 × 2 cells, all of which are there; false, and nothing listed, where not all of
 * them, or not all sums of eight, are finite.
 */
export function wholeBlock(at: usize, pitch: usize, slice: usize, lists: Lists): bool {
  const nodes = nodesOf(1), behind = at + 2 * slice;
  const low = fourNodes(at, pitch, slice, nodes);
  const high = fourNodes(behind, pitch, slice, nodes + 16);
  if ((low | high) < 0) return false;
  const leaves = low | (high << 4);
  // A byte for each of the eight bits.
  const each = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  const chosen = i8x16.eq(v128.and(i8x16.splat(<i8> leaves), each), each);
  v128.store64_lane(nodes + STATE, v128.and(chosen, i8x16.splat(<i8> LEAF)), 0);
  v128.store(nodes + COUNT, f32x4.splat(8));
  v128.store(nodes + COUNT, f32x4.splat(8), 16);
  let inner = ~leaves & 0xff;
  if (inner == 0) return true;
  const count = lists + INNER_COUNT + 4;
  store<u32>(count, load<u32>(count) + i32.popcnt(inner));
  let to = <usize> load<u32>(lists + LEAVES);
  for (; inner != 0; inner &= inner - 1) {
    const n = <usize> i32.ctz(inner);
    const from = at + ((n & 1) << 3) + (n & 2) * pitch + ((n & 4) >> 1) * slice;
    store<u64>(to, load<u64>(from));
    store<u64>(to, load<u64>(from + pitch), 8);
    store<u64>(to, load<u64>(from + slice), 16);
    store<u64>(to, load<u64>(from + slice + pitch), 24);
    to += 32;
  }
  store<u32>(lists + LEAVES, <u32> to);
  return true;
}

/** Those of 4 × 4 × 2 cells: which are leaves, a bit each; below 0 where a sum is not finite. */
function fourNodes(at: usize, pitch: usize, slice: usize, nodes: usize): i32 {
  const below = at + pitch, third = below + pitch, fourth = third + pitch;
  const a0 = v128.load(at), b0 = v128.load(below);
  const c0 = v128.load(at + slice), d0 = v128.load(below + slice);
  const a1 = v128.load(third), b1 = v128.load(fourth);
  const c1 = v128.load(third + slice), d1 = v128.load(fourth + slice);
  const eighth = f32x4.splat(0.125), none = f32x4.splat(0);
  const sum0 = f32x4.add(f32x4.add(a0, c0), f32x4.add(b0, d0));
  const sum1 = f32x4.add(f32x4.add(a1, c1), f32x4.add(b1, d1));
  const mean = f32x4.mul(f32x4.add(evens(sum0, sum1), odds(sum0, sum1)), eighth);
  const off = f32x4.mul(mean, none);
  if (!i32x4.all_true(f32x4.eq(off, off))) return -1;
  const low0 = f32x4.pmin(f32x4.pmin(a0, c0), f32x4.pmin(b0, d0));
  const low1 = f32x4.pmin(f32x4.pmin(a1, c1), f32x4.pmin(b1, d1));
  const least = f32x4.pmin(evens(low0, low1), odds(low0, low1));
  const high0 = f32x4.pmax(f32x4.pmax(a0, c0), f32x4.pmax(b0, d0));
  const high1 = f32x4.pmax(f32x4.pmax(a1, c1), f32x4.pmax(b1, d1));
  const most = f32x4.pmax(evens(high0, high1), odds(high0, high1));
  const upper = v128.shuffle<f32>(mean, mean, 0, 0, 1, 1);
  const lower = v128.shuffle<f32>(mean, mean, 2, 2, 3, 3);
  const squares0 = f32x4.add(
    f32x4.add(square(f32x4.sub(a0, upper)), square(f32x4.sub(c0, upper))),
    f32x4.add(square(f32x4.sub(b0, upper)), square(f32x4.sub(d0, upper))),
  );
  const squares1 = f32x4.add(
    f32x4.add(square(f32x4.sub(a1, lower)), square(f32x4.sub(c1, lower))),
    f32x4.add(square(f32x4.sub(b1, lower)), square(f32x4.sub(d1, lower))),
  );
  const total = f32x4.add(evens(squares0, squares1), odds(squares0, squares1));
  const variance = f32x4.mul(total, eighth);
  v128.store(nodes + LEAST, least);
  v128.store(nodes + MOST, most);
  v128.store(nodes + MEAN, mean);
  v128.store(nodes + VARIANCE, variance);
  return i32x4.bitmask(closeFour(least, most, variance));
}

function square(v: v128): v128 {
  return f32x4.mul(v, v);
}

/** The same of a block of which only `width` × `height` × `depth` cells are there, any of them. */
export function anyBlock(
  at: usize,
  pitch: usize,
  slice: usize,
  width: i32,
  height: i32,
  depth: i32,
  lists: Lists,
): void {
  const cells = nodesOf(0);
  for (let n = 0; n < 8; n++) {
    for (let k = 0; k < 8; k++) {
      const x = (n & 1) * 2 + (k & 1), y = (n & 2) + ((k >> 1) & 1), z = ((n >> 2) << 1) + (k >> 2);
      if (x >= width || y >= height || z >= depth) {
        setNone(cells, k, ABSENT, NaN);
        continue;
      }
      const value = load<f32>(at + (<usize> x << 2) + <usize> y * pitch + <usize> z * slice);
      if (value - value == 0) setCell(cells, k, value);
      else setNone(cells, k, value != value ? EMPTY : INFINITE, value);
    }
    join(1, n, lists);
  }
}
