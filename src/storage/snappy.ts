/** Bytes that one byte of a stream can stand for at most: a copy of 64 takes three. */
const MAX_RATIO = 22;

/** Makes the error for what was found and what was expected, where only the caller knows the file. */
type Refuse = (found: string, expected: string) => Error;

/**
 * Decodes one snappy block, the raw format without framing
 * (https://github.com/google/snappy/blob/main/format_description.txt). The length that it states is
 * held against what its bytes can stand for before any of it is allocated; whatever does not lead
 * to exactly that length throws what `refuse` makes.
 */
export function unsnappy(packed: Uint8Array, refuse: Refuse): Uint8Array<ArrayBuffer> {
  const length = statedLength(packed, refuse);
  const out = new Uint8Array(length.value);
  let at = length.end;
  let done = 0;
  while (at < packed.length) {
    const tag = packed[at]!;
    const kind = tag & 3;
    // Literals of up to 60 bytes and short copies have their length in the tag itself.
    const extra = kind === 0 ? Math.max(0, (tag >> 2) - 59) : [0, 1, 2, 4][kind]!;
    if (at + 1 + extra > packed.length) throw refuse(`a tag cut off at byte ${at}`, "a whole one");
    const number = littleEndian(packed, at + 1, extra);
    at += 1 + extra;
    if (kind === 0) {
      const count = (extra > 0 ? number : tag >> 2) + 1;
      const room = Math.min(packed.length - at, out.length - done);
      if (count > room) throw refuse(`a literal of ${count} bytes`, `at most ${room}`);
      out.set(packed.subarray(at, at + count), done);
      at += count;
      done += count;
    } else {
      const count = kind === 1 ? (tag >> 2 & 7) + 4 : (tag >> 2) + 1;
      const back = kind === 1 ? (tag >> 5) * 256 + number : number;
      if (back === 0 || back > done) throw refuse(`a copy from ${back} back`, `1 to ${done}`);
      if (count > out.length - done) {
        throw refuse(`a copy of ${count} bytes`, `at most ${out.length - done}`);
      }
      // Byte by byte: a copy may reach into what it writes itself.
      for (const end = done + count; done < end; done++) out[done] = out[done - back]!;
    }
  }
  if (done !== out.length) throw refuse(`${done} bytes once decoded`, `${out.length}, as stated`);
  return out;
}

function statedLength(packed: Uint8Array, refuse: Refuse): { value: number; end: number } {
  let value = 0;
  for (let end = 0; end < Math.min(packed.length, 5); end++) {
    const byte = packed[end]!;
    value += (byte & 127) * 2 ** (7 * end);
    if (byte >= 128) continue;
    const most = packed.length * MAX_RATIO;
    if (value > most) {
      throw refuse(`${packed.length} bytes that state ${value}`, `at most ${most} bytes of them`);
    }
    return { value, end: end + 1 };
  }
  throw refuse("no length at its start", "one of at most 5 bytes");
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value += bytes[at + i]! * 2 ** (8 * i);
  return value;
}
