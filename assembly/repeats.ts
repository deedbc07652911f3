// Where a byte repeats the one before it or the one in the row above, four times or more.
import { clear, count, counts, log2, sum } from "./histogram";

/** Literals before a match (u32), then its length and, in bit 16, whether it is of the row above. */
export const matches = memory.data(2 * 65535 / 4 * 8 + 8, 16);

const SHORTEST_MATCH: usize = 4;
const LONGEST_MATCH: usize = 258;
/** A match in bits before its code is known, in 1/16 bit; reaching for the row above costs more. */
const RUN_COST: u32 = 10 * 16;
const ROW_COST: u32 = 16 * 16;
/** What a byte costs as a literal, in 1/16 bit. */
const costs = memory.data(256 * 2, 16);

/**
 * Fills `costs` from a sample, 16 bytes in every 113, and returns the sample's mean cost.
 * All in 1/16 bit; log2 is linear between powers of two, which is never off by more than 0.09.
 */
export function estimateCosts(from: usize, to: usize): u32 {
  clear();
  let sampled: u32 = 0;
  for (let at = from; at + 16 <= to; at += 113, sampled += 16) count(at, at + 16);
  sum();
  const whole = log2(sampled + 1);
  let total: u64 = 0;
  for (let byte = 0; byte < 256; byte++) {
    const times = load<u32>(counts + (byte << 2));
    const cost = whole - log2(times + 1);
    total += <u64> times * cost;
    store<u16>(costs + (byte << 1), max(cost >> 4, 16));
  }
  return sampled == 0 ? 0 : <u32> (total / sampled >> 4);
}

/** Fills `matches` for the bytes from..to of the stream that starts at `source`. */
export function findMatches(source: usize, row: usize, from: usize, to: usize): i32 {
  let found = matches;
  let literals = from;
  let at = max(from, source + 1);
  while (at + 32 <= to) {
    const left = fours(equal32(at, at - 1));
    const above = row != 0 && at >= source + row ? fours(equal32(at, at - row)) : 0;
    if ((left | above) == 0) {
      at += 29;
      continue;
    }
    const skip = ctz(left | above);
    at += skip;
    const most = min(to - at, LONGEST_MATCH);
    const run = left >> skip & 1 ? matchLength(at, 1, most) : 0;
    const rows = above >> skip & 1 ? matchLength(at, row, most) : 0;
    const byRow = rows > run;
    const length = byRow ? rows : run;
    const runCost = <u32> length * load<u16>(costs + (<usize> load<u8>(at) << 1));
    if (byRow ? rowPays(at, length) : runCost >= RUN_COST) {
      store<u32>(found, at - literals);
      store<u32>(found, length | <u32> byRow << 16, 4);
      found += 8;
      literals = at + length;
    }
    at += length;
  }
  return <i32> (found - matches) >> 3;
}

/** Bit i: whether byte i of 32 is the same at `a` and `b`. */

function equal32(a: usize, b: usize): u32 {
  const low = i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
  return low | i8x16.bitmask(i8x16.eq(v128.load(a, 16), v128.load(b, 16))) << 16;
}

/** Bit i: whether bits i to i + 3 are set. */

function fours(bits: u32): u32 {
  const pairs = bits & bits >> 1;
  return pairs & pairs >> 2;
}

/** How many bytes from `at` on, `most` at the most, repeat those `distance` before. */

function matchLength(at: usize, distance: usize, most: usize): usize {
  let length = SHORTEST_MATCH;
  for (; length + 8 <= most; length += 8) {
    const differing = load<u64>(at + length) ^ load<u64>(at + length - distance);
    if (differing != 0) return length + <usize> (ctz(differing) >> 3);
  }
  while (length < most && load<u8>(at + length) == load<u8>(at + length - distance)) length++;
  return length;
}

function rowPays(at: usize, length: usize): bool {
  let cost: u32 = 0;
  for (let i: usize = 0; i < min<usize>(length, 16); i++) {
    cost += load<u16>(costs + (<usize> load<u8>(at + i) << 1));
  }
  return cost >= ROW_COST;
}
