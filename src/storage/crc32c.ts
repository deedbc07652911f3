/** Castagnoli's polynomial, bits reversed (RFC 3720, appendix B.4). */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256: `tables[256 * k + byte]` is the remainder of a byte followed by k zeros. */
const tables = makeTables();

function makeTables(): Uint32Array {
  const made = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256]!;
    made[at] = (before >>> 8) ^ made[before & 255]!;
  }
  return made;
}

/**
 * CRC-32C of bytes, eight at a step ("slicing by 8": Kounavis and Berry, ISCC 2005). `before` is
 * the sum of what came before them.
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const t = tables;
  let crc = ~before;
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    crc = t[1792 + (low & 255)]! ^ t[1536 + (low >>> 8 & 255)]! ^
      t[1280 + (low >>> 16 & 255)]! ^ t[1024 + (low >>> 24)]! ^
      t[768 + (high & 255)]! ^ t[512 + (high >>> 8 & 255)]! ^
      t[256 + (high >>> 16 & 255)]! ^ t[high >>> 24]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}

const MASK = 0xa282ead8;

/** The sum that LevelDB and TensorFlow store: turned and shifted, lest sums of sums collide. */
export const maskCrc = (crc: number): number => (((crc >>> 15) | (crc << 17)) + MASK) >>> 0;
