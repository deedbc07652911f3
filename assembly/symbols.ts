// The body of a block: literals and matches, counted, then written.
import { cursor, held, pending, put, resume } from "./bits";
import { clear, count, counts, sum } from "./histogram";
import { add, buildCodes, lengthOf } from "./huffman";
import { matches } from "./repeats";

export const LITERALS = 286;
export const DISTANCES = 30;
/** Four codes of literals and seven bits held back fill a 64-bit store. */
const LONGEST_CODE = 14;
const END_OF_BLOCK = 256;

const literalCounts = memory.data(LITERALS * 4, 16);
const distanceCounts = memory.data(DISTANCES * 4, 16);
export const literalCodes = memory.data(LITERALS * 4, 16);
export const distanceCodes = memory.data(DISTANCES * 4, 16);

/**
 * Builds the codes for the bytes from..to with the first `found` of `matches` in them, and returns
 * the bits that `writeSymbols` will write.
 */
export function codeSymbols(from: usize, to: usize, found: i32, row: usize): u64 {
  countSymbols(from, to, found, row);
  buildCodes(literalCounts, LITERALS, LONGEST_CODE, literalCodes);
  buildCodes(distanceCounts, DISTANCES, LONGEST_CODE, distanceCodes);
  return codedBits();
}

function countSymbols(from: usize, to: usize, found: i32, row: usize): void {
  clear();
  memory.fill(literalCounts, 0, LITERALS * 4);
  memory.fill(distanceCounts, 0, DISTANCES * 4);
  const end = matches + (<usize> found << 3);
  for (let match = matches; match < end; match += 8) {
    const start = from + load<u32>(match);
    const length = <u32> load<u16>(match, 4);
    count(from, start);
    add(literalCounts, lengthSymbol(length));
    add(distanceCounts, distanceSymbol(load<u16>(match, 6) ? <u32> row : 1));
    from = start + length;
  }
  count(from, to);
  sum();
  memory.copy(literalCounts, counts, 1024);
  add(literalCounts, END_OF_BLOCK);
}

/** Bits that the counted symbols take, their extra bits with them. */
function codedBits(): u64 {
  let bits: u64 = 0;
  for (let s = 0; s < LITERALS; s++) {
    const extra = s < 265 || s == 285 ? 0 : (s - 261) >> 2;
    bits += <u64> load<u32>(literalCounts + (s << 2)) * (lengthOf(literalCodes, s) + extra);
  }
  for (let s = 0; s < DISTANCES; s++) {
    const extra = s < 4 ? 0 : (s - 2) >> 1;
    bits += <u64> load<u32>(distanceCounts + (s << 2)) * (lengthOf(distanceCodes, s) + extra);
  }
  return bits;
}

/** The symbol of a match's length: after the first eight, four of them for every extra bit. */
function lengthSymbol(length: u32): u32 {
  const offset = length - 3;
  if (offset < 8) return 257 + offset;
  if (offset == 255) return 285;
  const extra = lengthExtra(offset);
  return 257 + (extra << 2) + (offset >> extra);
}

/** Extra bits of a length, given less 3. */
function lengthExtra(offset: u32): u32 {
  return offset < 8 || offset == 255 ? 0 : 29 - clz(offset);
}

/** The symbol of a distance: after the first four, two of them for every extra bit. */
function distanceSymbol(distance: u32): u32 {
  const extra = distanceExtra(distance - 1);
  return (extra << 1) + (distance - 1 >> extra);
}

/** Extra bits of a distance, given less 1. */
function distanceExtra(offset: u32): u32 {
  return offset < 4 ? 0 : 30 - clz(offset);
}

/** Writes what `codeSymbols` counted, and the end of the block. */
export function writeSymbols(from: usize, to: usize, found: i32, row: usize): void {
  const rowSymbol = distanceSymbol(<u32> row);
  const rowExtra = distanceExtra(<u32> row - 1);
  const rowCode = load<u32>(distanceCodes + (rowSymbol << 2));
  const rowBits = <u64> (rowCode & 0xffff) |
    <u64> (row - 1 & ((1 << rowExtra) - 1)) << (rowCode >> 16);
  const rowLength = (rowCode >> 16) + rowExtra;
  const runCode = load<u32>(distanceCodes);
  let out = cursor;
  let acc = pending;
  let n = held;
  const end = matches + (<usize> found << 3);
  for (let match = matches;; match += 8) {
    const stop = match < end ? from + load<u32>(match) : to;
    for (; from + 4 <= stop; from += 4) {
      const c0 = load<u32>(literalCodes + (<usize> load<u8>(from) << 2));
      const c1 = load<u32>(literalCodes + (<usize> load<u8>(from, 1) << 2));
      const c2 = load<u32>(literalCodes + (<usize> load<u8>(from, 2) << 2));
      const c3 = load<u32>(literalCodes + (<usize> load<u8>(from, 3) << 2));
      const n0 = c0 >> 16;
      const n2 = c2 >> 16;
      const n01 = n0 + (c1 >> 16);
      const low = c0 & 0xffff | (c1 & 0xffff) << n0;
      const high = c2 & 0xffff | (c3 & 0xffff) << n2;
      acc |= (<u64> low | <u64> high << <u64> n01) << n;
      n += <u64> (n01 + n2 + (c3 >> 16));
      store<u64>(out, acc);
      out += <usize> (n >> 3);
      acc >>= n & 56;
      n &= 7;
    }
    for (; from < stop; from++) {
      const code = load<u32>(literalCodes + (<usize> load<u8>(from) << 2));
      acc |= <u64> (code & 0xffff) << n;
      n += <u64> (code >> 16);
    }
    store<u64>(out, acc);
    out += <usize> (n >> 3);
    acc >>= n & 56;
    n &= 7;
    if (match == end) break;
    const length = <u32> load<u16>(match, 4);
    const code = load<u32>(literalCodes + (lengthSymbol(length) << 2));
    const extra = lengthExtra(length - 3);
    acc |= <u64> (code & 0xffff) << n;
    n += <u64> (code >> 16);
    acc |= <u64> (length - 3 & ((1 << extra) - 1)) << n;
    n += extra;
    if (load<u16>(match, 6)) {
      acc |= rowBits << n;
      n += rowLength;
    } else {
      acc |= <u64> (runCode & 0xffff) << n;
      n += runCode >> 16;
    }
    store<u64>(out, acc);
    out += <usize> (n >> 3);
    acc >>= n & 56;
    n &= 7;
    from += length;
  }
  resume(out, acc, n);
  const code = load<u32>(literalCodes + (END_OF_BLOCK << 2));
  put(code & 0xffff, code >> 16);
}
