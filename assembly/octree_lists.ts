// The lists of an octree: of each level the leaves, and what is known of the inner nodes.
import { ABSENT, LEAF, LEAST, MEAN, MOST, nodesOf, STATE, VARIANCE } from "./octree_nodes";

/** Address of a table that the host makes: words by level, then one number. */
export type Lists = usize;

/** Where the mean of the level's next leaf goes; of merged ones other figures lie behind all of them. */
export const LEAVES: usize = 0;
/** Where its inner nodes go: figures, firsts and masks, each with room for all of them. */
const INNERS: usize = 32;
/** How many inner nodes there are so far. */
export const INNER_COUNT: usize = 64;
/** How many of the leaves lie wholly outside. */
const ABSENT_COUNT: usize = 96;
/** The largest distance of a cell from its leaf's mean. */
const ERROR: usize = 128;
/** The root: state, count, mean, variance, least, most. */
export const ROOT: usize = 132;

/** Vectors are stored whole: bytes behind each figure of leaves. */
const VECTORS: usize = 32;

let capacity: i32 = 0;

export function setLevels(levels: i32): void {
  capacity = 3 * levels;
}

/** Byte shuffles that bring the chosen ones of four lanes to the front. */
const packing = memory.data(256, 16);

export function preparePacking(): void {
  for (let bits: usize = 0; bits < 16; bits++) {
    let to = packing + (bits << 4);
    for (let lane: u32 = 0; lane < 4; lane++) {
      if (!((<u32> bits >> lane) & 1)) continue;
      store<u32>(to, 0x03020100 + lane * 0x04040404);
      to += 4;
    }
  }
}

/** Stores those of eight numbers that are chosen at `to`; how far that was. May write 16 bytes more. */
export function storeChosen(from: usize, chosen: i32, to: usize): usize {
  const low = <usize> (chosen & 15), high = <usize> (chosen >> 4);
  v128.store(to, v128.swizzle(v128.load(from), v128.load(packing + (low << 4))));
  to += <usize> i32.popcnt(chosen & 15) << 2;
  v128.store(to, v128.swizzle(v128.load(from, 16), v128.load(packing + (high << 4))));
  return to + (<usize> i32.popcnt(chosen >> 4) << 2);
}

/** Lists an inner node of a level and those of its children, `from`, that are leaves. */
export function emit(level: i32, from: usize, node: usize, lists: Lists): void {
  const own = lists + (<usize> level << 2), below = own - 4;
  // The lowest bit of each byte is at its top then; what else is shifted into others is not looked at.
  const leaves = i8x16.bitmask(i16x8.shl(v128.load64_zero(from + STATE), 7)) & 0xff;
  if (level > 1) {
    const inner = ~leaves & 0xff;
    const at = load<u32>(own + INNER_COUNT), place = <usize> at << 2;
    const all: usize = 1 << (capacity - 3 * level), base = <usize> load<u32>(own + INNERS);
    store<f32>(base + place, load<f32>(node + MEAN));
    store<f32>(base + 4 * all + place, load<f32>(node + VARIANCE));
    store<f32>(base + 8 * all + place, load<f32>(node + LEAST));
    store<f32>(base + 12 * all + place, load<f32>(node + MOST));
    store<u32>(base + 16 * all + place, load<u32>(below + INNER_COUNT) - i32.popcnt(inner));
    store<u8>(base + 20 * all + at, <u8> inner);
    store<u32>(own + INNER_COUNT, at + 1);
  } else store<u32>(own + INNER_COUNT, load<u32>(own + INNER_COUNT) + 1);
  if (leaves == 0) return;
  const to = <usize> load<u32>(below + LEAVES);
  store<u32>(below + LEAVES, <u32> storeChosen(from + MEAN, leaves, to));
  if (level > 1) {
    const room = (<usize> 4 << (capacity - 3 * level + 3)) + VECTORS;
    storeChosen(from + VARIANCE, leaves, to + room);
    storeChosen(from + LEAST, leaves, to + 2 * room);
    storeChosen(from + MOST, leaves, to + 3 * room);
  }
  tally(level - 1, lists);
}

/** Takes note of the leaves among eight nodes that have been listed: of errors, and of absent ones. */
function tally(level: i32, lists: Lists): void {
  const from = nodesOf(level);
  let error = load<f32>(lists + ERROR);
  let absent = 0;
  for (let i: usize = 0; i < 8; i++) {
    const state = load<u8>(from + STATE + i);
    if (state == ABSENT) absent++;
    if (state != LEAF) continue;
    const node = from + (i << 2), mean = load<f32>(node + MEAN);
    error = max(error, max(mean - load<f32>(node + LEAST), load<f32>(node + MOST) - mean));
  }
  store<f32>(lists + ERROR, error);
  const count = lists + ABSENT_COUNT + (<usize> level << 2);
  store<u32>(count, load<u32>(count) + absent);
}
