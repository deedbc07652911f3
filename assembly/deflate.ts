// zlib streams (RFC 1950, 1951) for images of palette entries and filtered scanlines. Two kinds of
// repeat are looked for: of the byte before and of the row above. Everything else is a literal, so
// that noise, which no search could shorten, costs a histogram and a table look-up a byte.
import { adler32 } from "./adler32";
import { align, cursor, held, pending, put, resume } from "./bits";
import { clear, count, counts, sum } from "./histogram";
import { buildCodes } from "./huffman";
import { estimateCosts, findMatches, matches } from "./repeats";

/** Bytes a block has codes of its own for; a multiple of STORED. */
const BLOCK: usize = 2 * 65535;
/** A stored block holds at most this many bytes. */
const STORED: usize = 65535;
/** Four codes of literals and seven bits held back fill a 64-bit store. */
const LONGEST_CODE = 14;
const FARTHEST: usize = 32768;
const END_OF_BLOCK = 256;
const LITERALS = 286;
const DISTANCES = 30;

const literalCounts = memory.data(LITERALS * 4, 16);
const distanceCounts = memory.data(DISTANCES * 4, 16);
const lengthCounts = memory.data(19 * 4, 16);
const literalCodes = memory.data(288 * 4, 16);
const distanceCodes = memory.data(32 * 4, 16);
const lengthCodes = memory.data(32 * 4, 16);
/** The code lengths of a block, and their run-length code: symbol | extra << 8. */
const lengths = memory.data(LITERALS + DISTANCES, 16);
const packed = memory.data((LITERALS + DISTANCES) * 2, 16);

/**
 * Writes `length` bytes as a zlib stream and returns its size, at most length + length / 1024 + 64.
 * `row` is the distance from a byte to the one above.
 */
export function deflate(source: usize, length: usize, row: usize, target: usize): usize {
  if (row < 2 || row > FARTHEST) row = 0;
  resume(target, 0, 0);
  put(0x0178, 16);
  const blocks = max<usize>(1, (length + BLOCK - 1) / BLOCK);
  const size = (length + blocks - 1) / blocks;
  for (let b: usize = 0; b < blocks; b++) {
    const from = source + min(b * size, length);
    writeBlock(source, row, from, source + min((b + 1) * size, length), b == blocks - 1);
  }
  align();
  store<u32>(cursor, bswap(adler32(source, length)));
  return cursor + 4 - target;
}

function writeBlock(source: usize, row: usize, from: usize, to: usize, last: bool): void {
  const bytes = to - from;
  const entropy = estimateCosts(from, to);
  const found = findMatches(source, row, from, to);
  // Less than one part in 64 saved is not worth anybody's time.
  const worthwhile: u64 = bytes * 8 - bytes / 8;
  if (found == 0 && entropy > <u32> (worthwhile * 256 / max(bytes, 1))) {
    return writeStored(from, to, last);
  }
  countSymbols(from, to, found, row);
  buildCodes(literalCounts, LITERALS, LONGEST_CODE, literalCodes);
  buildCodes(distanceCounts, DISTANCES, LONGEST_CODE, distanceCodes);
  const header = packLengths();
  if (codedBits(row) + header >= worthwhile) return writeStored(from, to, last);
  writeLengths(last);
  writeSymbols(from, to, found, row);
}

function writeStored(from: usize, to: usize, last: bool): void {
  do {
    const bytes = min(to - from, STORED);
    put(<u64> (last && from + bytes == to), 3);
    align();
    put(bytes | (~bytes & 0xffff) << 16, 32);
    memory.copy(cursor, from, bytes);
    resume(cursor + bytes, 0, 0);
    from += bytes;
  } while (from < to);
}

/** Counts what `writeSymbols` will write. */
function countSymbols(from: usize, to: usize, found: i32, row: usize): void {
  clear();
  memory.fill(literalCounts, 0, LITERALS * 4);
  memory.fill(distanceCounts, 0, DISTANCES * 4);
  const end = matches + (<usize> found << 3);
  for (let match = matches; match < end; match += 8) {
    const literals = from + load<u32>(match);
    count(from, literals);
    const length = load<u16>(match, 4);
    add(literalCounts, lengthSymbol(length));
    add(distanceCounts, distanceSymbol(load<u16>(match, 6) ? <u32> row : 1));
    from = literals + length;
  }
  count(from, to);
  sum();
  memory.copy(literalCounts, counts, 1024);
  add(literalCounts, END_OF_BLOCK);
}

function add(frequencies: usize, symbol: u32): void {
  const at = frequencies + (symbol << 2);
  store<u32>(at, load<u32>(at) + 1);
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

/** Bits that the counted symbols take, their extra bits with them. */
function codedBits(row: usize): u64 {
  let bits: u64 = 0;
  for (let s = 0; s < LITERALS; s++) {
    const extra = s < 265 || s == 285 ? 0 : (s - 261) >> 2;
    bits += <u64> load<u32>(literalCounts + (s << 2)) * (codeLength(literalCodes, s) + extra);
  }
  for (let s = 0; s < DISTANCES; s++) {
    const extra = s < 4 ? 0 : (s - 2) >> 1;
    bits += <u64> load<u32>(distanceCounts + (s << 2)) * (codeLength(distanceCodes, s) + extra);
  }
  return bits;
}

function codeLength(codes: usize, symbol: u32): u32 {
  return load<u32>(codes + (symbol << 2)) >> 16;
}

let literalsUsed = 0;
let distancesUsed = 0;
let packedCount = 0;

/** Run-length codes the block's code lengths, builds their codes, and returns the header's bits. */
function packLengths(): u64 {
  literalsUsed = used(literalCodes, LITERALS, 257);
  distancesUsed = used(distanceCodes, DISTANCES, 1);
  for (let s = 0; s < literalsUsed; s++) store<u8>(lengths + s, codeLength(literalCodes, s));
  for (let s = 0; s < distancesUsed; s++) {
    store<u8>(lengths + literalsUsed + s, codeLength(distanceCodes, s));
  }
  memory.fill(lengthCounts, 0, 19 * 4);
  packedCount = 0;
  const all = literalsUsed + distancesUsed;
  for (let i = 0; i < all;) {
    const length = load<u8>(lengths + i);
    let repeats = 1;
    while (i + repeats < all && load<u8>(lengths + i + repeats) == length) repeats++;
    i += repeats;
    if (length != 0) {
      pack(length, 0);
      repeats--;
    }
    while (repeats > 0) {
      let these = 1;
      if (repeats < 3) pack(length, 0);
      else if (length != 0) pack(16, (these = min(repeats, 6)) - 3);
      else if (repeats < 11) pack(17, (these = repeats) - 3);
      else pack(18, (these = min(repeats, 138)) - 11);
      repeats -= these;
    }
  }
  buildCodes(lengthCounts, 19, 7, lengthCodes);
  let bits: u64 = 3 + 5 + 5 + 4 + 3 * lengthCodesUsed();
  for (let s = 0; s < 19; s++) {
    bits += load<u32>(lengthCounts + (s << 2)) * (codeLength(lengthCodes, s) + packedExtra(s));
  }
  return bits;
}

/** How many symbols are left when unused ones at the end are dropped, down to `least`. */
function used(codes: usize, symbols: i32, least: i32): i32 {
  while (symbols > least && load<u32>(codes + ((symbols - 1) << 2)) == 0) symbols--;
  return symbols;
}

function pack(symbol: u32, extra: u32): void {
  store<u16>(packed + (packedCount++ << 1), symbol | extra << 8);
  add(lengthCounts, symbol);
}

/** Extra bits of the symbols 16, 17 and 18. */
function packedExtra(symbol: u32): u32 {
  return symbol < 16 ? 0 : symbol == 18 ? 7 : symbol - 14;
}

/** Place k of the code lengths' own lengths is symbol `ORDER[k]`'s. */
const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

function lengthCodesUsed(): i32 {
  let n = 19;
  while (n > 4 && codeLength(lengthCodes, load<u8>(ORDER + n - 1)) == 0) n--;
  return n;
}

function writeLengths(last: bool): void {
  put(<u64> last | 2 << 1, 3);
  put(literalsUsed - 257 | (distancesUsed - 1) << 5, 10);
  const n = lengthCodesUsed();
  put(n - 4, 4);
  for (let k = 0; k < n; k++) put(codeLength(lengthCodes, load<u8>(ORDER + k)), 3);
  for (let i = 0; i < packedCount; i++) {
    const item = load<u16>(packed + (i << 1));
    const code = load<u32>(lengthCodes + ((item & 255) << 2));
    put(code & 0xffff, code >> 16);
    put(item >> 8, packedExtra(item & 255));
  }
}

function writeSymbols(from: usize, to: usize, found: i32, row: usize): void {
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
