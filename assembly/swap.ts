// swap: reverses the bytes of each element, in place if need be, 16 bytes at a time: up to 15 more
// are read and written than asked, for which the host leaves room.

export function swap(source: usize, length: i32, size: i32, target: usize): void {
  for (const end = source + length; source < end; source += 16, target += 16) {
    const v = v128.load(source);
    v128.store(target, size == 2 ? swap2(v) : size == 4 ? swap4(v) : swap8(v));
  }
}

function swap2(v: v128): v128 {
  return v128.shuffle<u8>(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
}

function swap4(v: v128): v128 {
  return v128.shuffle<u8>(v, v, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

function swap8(v: v128): v128 {
  return v128.shuffle<u8>(v, v, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
}
