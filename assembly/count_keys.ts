// countKeys: a histogram over the top 16 bits of order-preserving keys.

export function countKeys(values: usize, length: i32, bins: usize): void {
  const end = values + (<usize> length << 2);
  for (; values + 16 <= end; values += 16) {
    countOne(load<i32>(values), bins);
    countOne(load<i32>(values, 4), bins);
    countOne(load<i32>(values, 8), bins);
    countOne(load<i32>(values, 12), bins);
  }
  for (; values < end; values += 4) countOne(load<i32>(values), bins);
}

function countOne(bits: i32, bins: usize): void {
  // A negative number is inverted whole, a positive one in its sign.
  const key = <u32> (bits ^ ((bits >> 31) | 0x80000000));
  const bin = bins + ((key >> 16) << 2);
  store<u32>(bin, load<u32>(bin) + 1);
}
