const vector = memory.data(16, 16);

/** The largest of `length` bytes, 0 of none. */
export function largest(source: usize, length: usize): u32 {
  const end = source + length;
  let lanes = i8x16.splat(0);
  for (; source + 16 <= end; source += 16) lanes = i8x16.max_u(lanes, v128.load(source));
  v128.store(vector, lanes);
  let most: u32 = 0;
  for (let i: usize = 0; i < 16; i++) most = max<u32>(most, load<u8>(vector + i));
  for (; source < end; source++) most = max<u32>(most, load<u8>(source));
  return most;
}
