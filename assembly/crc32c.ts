// CRC-32C (RFC 3720, appendix B.4): the remainder of a message by Castagnoli's polynomial G.
//
// A sparse multiple Z of G may be added anywhere in the message without changing the remainder. In
// units of 16 bytes, x^209 + x^144 + x^54 + x^39 + x^14 + 1 is one, the shortest of six terms: adding
// it under each unit from the first on makes that unit zero and changes five that follow, which is a
// few XORs of whole vectors. Only the last 209 units are left for tables (Russell, "Chorba: A novel
// CRC32 implementation", 2024; "slicing by 8": Kounavis and Berry, ISCC 2005).

const POLYNOMIAL: u32 = 0x82f63b78;
const UNIT: usize = 16;
/** Bytes that a unit reaches forward. */
const REACH: usize = 209 * UNIT;
/** Bytes folded between two moves of the window. */
const SPAN: usize = 1024 * UNIT;

/** What was added under the last units, at REACH and on; before it, under those before. */
const window = memory.data(REACH + SPAN, 16);
const rest = memory.data(REACH, 16);
/** Eight tables of 256: entry 256 * k + byte is the remainder of the byte followed by k zeros. */
const tables = memory.data(8 * 256 * 4, 16);
let made = false;

/** CRC-32C of `length` bytes; `before` is the sum of what came before them. */
export function crc32c(source: usize, length: usize, before: u32): u32 {
  const end = source + length;
  let crc = ~before;
  if (length >= 2 * REACH) {
    source = fold(source, (length - REACH) & ~(UNIT - 1), crc);
    for (let i: usize = 0; i < REACH; i += UNIT) {
      v128.store(rest + i, v128.xor(v128.load(source + i), reaching(window + i)));
    }
    crc = divide(rest, REACH, 0);
    source += REACH;
  }
  return ~divide(source, end - source, crc);
}

/** Folds whole units forward; returns where they end, and leaves the last of them in the window. */
function fold(source: usize, length: usize, crc: u32): usize {
  memory.fill(window, 0, REACH);
  let first = i32x4.replace_lane(i32x4.splat(0), 0, crc);
  for (const end = source + length; source < end;) {
    const bytes = min(SPAN, end - source);
    for (let i: usize = 0; i < bytes; i += UNIT) {
      const unit = v128.xor(v128.load(source + i), first);
      first = i32x4.splat(0);
      v128.store(window + REACH + i, v128.xor(unit, reaching(window + i)));
    }
    memory.copy(window, window + bytes, REACH);
    source += bytes;
  }
  memory.fill(window + REACH, 0, REACH);
  return source;
}

/** What reaches the unit REACH bytes after `at`: Z without its first term, turned around. */
// @ts-ignore: decorator

function reaching(at: usize): v128 {
  return v128.xor(
    v128.xor(v128.load(at), v128.load(at + 14 * UNIT)),
    v128.xor(
      v128.xor(v128.load(at + 39 * UNIT), v128.load(at + 54 * UNIT)),
      v128.load(at + 144 * UNIT),
    ),
  );
}

/** The remainder of `crc` followed by `length` bytes, eight at a step. */
function divide(source: usize, length: usize, crc: u32): u32 {
  if (!made) makeTables();
  const end = source + length;
  for (; source + 8 <= end; source += 8) {
    const low = crc ^ load<u32>(source);
    const high = load<u32>(source + 4);
    crc = entry(7, low) ^ entry(6, low >> 8) ^ entry(5, low >> 16) ^ entry(4, low >> 24) ^
      entry(3, high) ^ entry(2, high >> 8) ^ entry(1, high >> 16) ^ entry(0, high >> 24);
  }
  for (; source < end; source++) crc = (crc >> 8) ^ entry(0, crc ^ load<u8>(source));
  return crc;
}

// @ts-ignore: decorator

function entry(zeros: usize, byte: u32): u32 {
  return load<u32>(tables + (zeros << 10) + ((byte & 255) << 2));
}

function makeTables(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1;
    store<u32>(tables + (byte << 2), crc);
  }
  for (let i: usize = 256; i < 8 * 256; i++) {
    const before = load<u32>(tables + ((i - 256) << 2));
    store<u32>(tables + (i << 2), (before >> 8) ^ entry(0, before));
  }
  made = true;
}
