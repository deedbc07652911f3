// The head of a block: the code lengths of its two alphabets, run-length coded and Huffman coded in
// their turn (RFC 1951, section 3.2.7).
import { put } from "./bits";
import { add, buildCodes, lengthOf } from "./huffman";
import { distanceCodes, DISTANCES, literalCodes, LITERALS } from "./symbols";

const SYMBOLS = 19;
const LONGEST_CODE = 7;
const counts = memory.data(SYMBOLS * 4, 16);
const codes = memory.data(SYMBOLS * 4, 16);
/** The code lengths of literals and distances, and their run-length code: symbol | extra << 8. */
const lengths = memory.data(LITERALS + DISTANCES, 16);
const packed = memory.data((LITERALS + DISTANCES) * 2, 16);

let literalsUsed = 0;
let distancesUsed = 0;
let packedCount = 0;

/** Run-length codes the block's code lengths, builds their codes, and returns the header's bits. */
export function packLengths(): u64 {
  literalsUsed = used(literalCodes, LITERALS, 257);
  distancesUsed = used(distanceCodes, DISTANCES, 1);
  for (let s = 0; s < literalsUsed; s++) store<u8>(lengths + s, lengthOf(literalCodes, s));
  for (let s = 0; s < distancesUsed; s++) {
    store<u8>(lengths + literalsUsed + s, lengthOf(distanceCodes, s));
  }
  memory.fill(counts, 0, SYMBOLS * 4);
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
  buildCodes(counts, SYMBOLS, LONGEST_CODE, codes);
  let bits: u64 = 3 + 5 + 5 + 4 + 3 * lengthCodesUsed();
  for (let s = 0; s < SYMBOLS; s++) {
    bits += load<u32>(counts + (s << 2)) * (lengthOf(codes, s) + packedExtra(s));
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
  add(counts, symbol);
}

/** Extra bits of the symbols 16, 17 and 18. */
function packedExtra(symbol: u32): u32 {
  return symbol < 16 ? 0 : symbol == 18 ? 7 : symbol - 14;
}

/** Place k of the code lengths' own lengths is symbol `ORDER[k]`'s. */
const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

function lengthCodesUsed(): i32 {
  let n = SYMBOLS;
  while (n > 4 && lengthOf(codes, load<u8>(ORDER + n - 1)) == 0) n--;
  return n;
}

export function writeLengths(last: bool): void {
  put(<u64> last | 2 << 1, 3);
  put(literalsUsed - 257 | (distancesUsed - 1) << 5, 10);
  const n = lengthCodesUsed();
  put(n - 4, 4);
  for (let k = 0; k < n; k++) put(lengthOf(codes, load<u8>(ORDER + k)), 3);
  for (let i = 0; i < packedCount; i++) {
    const item = load<u16>(packed + (i << 1));
    const code = load<u32>(codes + ((item & 255) << 2));
    put(code & 0xffff, code >> 16);
    put(item >> 8, packedExtra(item & 255));
  }
}
