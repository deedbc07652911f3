// ggml's blocks, one value at a time, from the layouts in its C structures: slow, obvious, not the
// project's decoder.

type Value = (view: DataView, at: number, i: number) => number;

const half = (view: DataView, at: number) => view.getFloat16(at, true);
/** The low nibbles of 16 bytes are the first half of the values, the high ones the second. */
const nibble: Value = (view, at, i) =>
  i < 16 ? view.getUint8(at + i) & 15 : view.getUint8(at + i - 16) >> 4;
const fifth: Value = (view, at, i) => (view.getUint32(at, true) >>> i & 1) << 4;

/** Scale or (`kind` 1) minimum number `j` of the eight in the 12 bytes of a Q4_K block. */
function sixBits(view: DataView, at: number, j: number, kind: 0 | 1): number {
  const byte = (n: number) => view.getUint8(at + n);
  if (j < 4) return byte(j + 4 * kind) & 63;
  const low = kind === 0 ? byte(j + 4) & 15 : byte(j + 4) >> 4;
  return low | byte(j - 4 + 4 * kind) >> 6 << 4;
}

export const blockValues: Readonly<Record<string, Value>> = {
  Q4_0: (view, at, i) => half(view, at) * (nibble(view, at + 2, i) - 8),
  Q4_1: (view, at, i) => half(view, at) * nibble(view, at + 4, i) + half(view, at + 2),
  Q5_0: (view, at, i) => half(view, at) * ((nibble(view, at + 6, i) | fifth(view, at + 2, i)) - 16),
  Q8_0: (view, at, i) => half(view, at) * view.getInt8(at + 2 + i),
  Q4_K: (view, at, i) => {
    const j = i >> 5;
    const byte = view.getUint8(at + 16 + 32 * (j >> 1) + i % 32);
    const q = j % 2 === 0 ? byte & 15 : byte >> 4;
    const scale = half(view, at) * sixBits(view, at + 4, j, 0);
    return scale * q - half(view, at + 2) * sixBits(view, at + 4, j, 1);
  },
  Q6_K: (view, at, i) => {
    const part = i >> 7, quarter = (i >> 5) % 4, l = i % 32;
    const low = view.getUint8(at + 64 * part + 32 * (quarter % 2) + l);
    const high = view.getUint8(at + 128 + 32 * part + l) >> (2 * quarter) & 3;
    const q = (quarter < 2 ? low & 15 : low >> 4) | high << 4;
    return half(view, at + 208) * view.getInt8(at + 192 + (i >> 4)) * (q - 32);
  },
};
