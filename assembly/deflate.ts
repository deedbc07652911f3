// zlib streams (RFC 1950, 1951) for images of palette entries and filtered scanlines. Two kinds of
// repeat are looked for: of the byte before and of the row above. Everything else is a literal, so
// that noise, which no search could shorten, costs a histogram and a table look-up a byte.
import { adler32 } from "./adler32";
import { align, cursor, put, resume } from "./bits";
import { packLengths, writeLengths } from "./code_lengths";
import { estimateCosts, findMatches } from "./repeats";
import { codeSymbols, writeSymbols } from "./symbols";

/** Bytes a block has codes of its own for; a multiple of STORED. */
const BLOCK: usize = 2 * 65535;
/** A stored block holds at most this many bytes. */
const STORED: usize = 65535;
/** A match reaches back so far. */
const FARTHEST: usize = 32768;

/**
 * Writes `length` bytes as a zlib stream and returns its size, at most length + length / 1024 + 64.
 * `row` is the distance from a byte to the one above.
 */
export function deflate(source: usize, length: usize, row: usize, target: usize): usize {
  // Without a row above within reach there is still the byte before.
  if (row == 0 || row > FARTHEST) row = 1;
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
  const body = codeSymbols(from, to, found, row);
  if (packLengths() + body >= worthwhile) return writeStored(from, to, last);
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
