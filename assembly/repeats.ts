// Where a byte repeats the one before it or the one in the row above, four times or more.
import { clear, count, counts, log2, sum } from "./histogram";

/** Literals before a match (u32), then its length and, in bit 16, whether it is of the row above. */
export const matches = memory.data(2 * 65535 / 4 * 8 + 8, 16);

const LONGEST_MATCH: usize = 258;
/**
 * What literals must cost, in 1/16 bit, for a match to be better. A match takes 8 to 18 bits, but
 * one that saves only a few costs more time than it is worth.
 */
const MATCH_COST: u32 = 16 * 16;
/** What a byte costs as a literal, in 1/16 bit. */
const costs = memory.data(256 * 2, 16);
/** The least of them. */
let least: u32 = 0;

/**
 * Fills `costs` from a sample, 16 bytes in every 113; a code has one bit at least. Returns the
 * sample's mean cost in 1/256 bit.
 */
export function estimateCosts(from: usize, to: usize): u32 {
  clear();
  let sampled: u32 = 0;
  for (let at = from; at + 16 <= to; at += 113, sampled += 16) count(at, at + 16);
  sum();
  const whole = log2(sampled + 256);
  let total: u64 = 0;
  least = u32.MAX_VALUE;
  for (let byte = 0; byte < 256; byte++) {
    const times = load<u32>(counts + (byte << 2));
    const cost = whole - log2(times + 1);
    total += <u64> times * cost;
    const coded = max<u32>(cost >> 4, 16);
    least = min(least, coded);
    store<u16>(costs + (byte << 1), coded);
  }
  return sampled == 0 ? 0 : <u32> (total / sampled);
}

/** Fills `matches` for the bytes from..to of the stream that starts at `source`. */
export function findMatches(source: usize, row: usize, from: usize, to: usize): i32 {
  // Where some byte is so cheap that short runs of it never pay, only longer ones are looked at.
  const shortest: u32 = least * 8 > MATCH_COST ? 4 : least * 16 > MATCH_COST ? 8 : 16;
  const step: usize = 33 - shortest;
  let found = matches;
  let literals = from;
  let at = max(from, source + 1);
  while (at + 32 <= to) {
    const left = starts(equal32(at, at - 1), shortest);
    const above = at >= source + row ? starts(equal32(at, at - row), shortest) : 0;
    if ((left | above) == 0) {
      at += step;
      continue;
    }
    const skip = ctz(left | above);
    at += skip;
    const most = min(to - at, LONGEST_MATCH);
    const run = left >> skip & 1 ? matchLength(at, 1, most) : 0;
    const rows = above >> skip & 1 ? matchLength(at, row, most) : 0;
    const byRow = rows > run;
    const length = byRow ? rows : run;
    const cost = byRow ? literalCost(at, min(length, 16)) : length * costOf(at);
    if (cost >= MATCH_COST) {
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

/** Bit i: whether `length` bits are set from bit i on; 4, 8 or 16. */
function starts(bits: u32, length: u32): u32 {
  bits &= bits >> 1;
  bits &= bits >> 2;
  if (length >= 8) bits &= bits >> 4;
  return length == 16 ? bits & bits >> 8 : bits;
}

/** How many bytes from `at` on, `most` at the most, repeat those `distance` before. */
function matchLength(at: usize, distance: usize, most: usize): usize {
  let length: usize = 0;
  for (; length + 16 <= most; length += 16) {
    const bytes = v128.load(at + length);
    const same = i8x16.bitmask(i8x16.eq(bytes, v128.load(at + length - distance)));
    if (same != 0xffff) return length + <usize> ctz(~same);
  }
  while (length < most && load<u8>(at + length) == load<u8>(at + length - distance)) length++;
  return length;
}

/** What `bytes` literals from `at` on would cost, in 1/16 bit. */
function literalCost(at: usize, bytes: usize): u32 {
  let cost: u32 = 0;
  for (let i: usize = 0; i < bytes; i++) cost += costOf(at + i);
  return cost;
}

function costOf(at: usize): u32 {
  return load<u16>(costs + (<usize> load<u8>(at) << 1));
}
