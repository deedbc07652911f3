// CRC-32 of ISO 3309, as PNG and gzip have it; sixteen bytes a step ("slicing by 16", after
// Kounavis and Berry 2005). Table k holds the CRC of a byte with k zero bytes behind it.

const POLYNOMIAL: u32 = 0xedb88320;
const tables = memory.data(16 * 256 * 4, 64);
fillTables();

function fillTables(): void {
  for (let byte = 0; byte < 256; byte++) {
    let crc: u32 = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? POLYNOMIAL ^ crc >> 1 : crc >> 1;
    store<u32>(tables + (byte << 2), crc);
  }
  for (let i = 256; i < 16 * 256; i++) {
    const shorter = load<u32>(tables + ((i - 256) << 2));
    store<u32>(tables + (i << 2), shorter >> 8 ^ lookUp(0, shorter));
  }
}

/** The low byte of `bits` in table k. */

function lookUp(k: u32, bits: u32): u32 {
  return load<u32>(tables + (k << 10) + ((bits & 255) << 2));
}

function lookUp4(k: u32, bits: u32): u32 {
  return lookUp(k + 3, bits) ^ lookUp(k + 2, bits >> 8) ^ lookUp(k + 1, bits >> 16) ^
    lookUp(k, bits >> 24);
}

/** CRC-32 of `length` bytes, continuing from the CRC of what came before (0 at the start). */
export function crc32(source: usize, length: usize, crc: u32): u32 {
  crc = ~crc;
  const end = source + length;
  for (; source + 16 <= end; source += 16) {
    crc = lookUp4(12, load<u32>(source) ^ crc) ^ lookUp4(8, load<u32>(source, 4)) ^
      lookUp4(4, load<u32>(source, 8)) ^ lookUp4(0, load<u32>(source, 12));
  }
  for (; source < end; source++) crc = crc >> 8 ^ lookUp(0, crc ^ load<u8>(source));
  return ~crc;
}
