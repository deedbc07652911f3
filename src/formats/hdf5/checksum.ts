const rotate = (x: number, by: number) => x << by | x >>> (32 - by);

/** Bob Jenkins' lookup3 (http://burtleburtle.net/bob/c/lookup3.c, hashlittle): HDF5's checksum. */
export function lookup3(bytes: Uint8Array): number {
  const start = 0xdeadbeef + bytes.length | 0;
  let [a, b, c] = [start, start, start];
  const word = (at: number) =>
    (bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0) << 16 |
    (bytes[at + 3] ?? 0) << 24;
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    a = a + word(at) | 0;
    b = b + word(at + 4) | 0;
    c = c + word(at + 8) | 0;
    a = (a - c ^ rotate(c, 4)) | 0, c = c + b | 0;
    b = (b - a ^ rotate(a, 6)) | 0, a = a + c | 0;
    c = (c - b ^ rotate(b, 8)) | 0, b = b + a | 0;
    a = (a - c ^ rotate(c, 16)) | 0, c = c + b | 0;
    b = (b - a ^ rotate(a, 19)) | 0, a = a + c | 0;
    c = (c - b ^ rotate(b, 4)) | 0, b = b + a | 0;
  }
  if (bytes.length === 0) return c >>> 0;
  a = a + word(at) | 0;
  b = b + word(at + 4) | 0;
  c = c + word(at + 8) | 0;
  c = (c ^ b) - rotate(b, 14) | 0;
  a = (a ^ c) - rotate(c, 11) | 0;
  b = (b ^ a) - rotate(a, 25) | 0;
  c = (c ^ b) - rotate(b, 16) | 0;
  a = (a ^ c) - rotate(c, 4) | 0;
  b = (b ^ a) - rotate(a, 14) | 0;
  c = (c ^ b) - rotate(b, 24) | 0;
  return c >>> 0;
}
