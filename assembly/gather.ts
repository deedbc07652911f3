// gather: target(x, y) = values[rows[y] + columns[x]].

export function gather(
  values: usize,
  rows: usize,
  height: i32,
  columns: usize,
  width: i32,
  out: usize,
  outPitch: usize,
): void {
  const lastColumn = columns + (<usize> width << 2);
  for (const lastRow = rows + (<usize> height << 2); rows < lastRow; rows += 4) {
    const row = values + (<usize> load<i32>(rows) << 2);
    let to = out;
    let column = columns;
    for (; column + 16 <= lastColumn; column += 16, to += 16) {
      store<u32>(to, load<u32>(row + (<usize> load<i32>(column) << 2)));
      store<u32>(to, load<u32>(row + (<usize> load<i32>(column, 4) << 2)), 4);
      store<u32>(to, load<u32>(row + (<usize> load<i32>(column, 8) << 2)), 8);
      store<u32>(to, load<u32>(row + (<usize> load<i32>(column, 12) << 2)), 12);
    }
    for (; column < lastColumn; column += 4, to += 4) {
      store<u32>(to, load<u32>(row + (<usize> load<i32>(column) << 2)));
    }
    out += outPitch;
  }
}
