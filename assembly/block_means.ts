// block_means: means of blocks of `block` × `block` cells, a power of two. Columns of a row of blocks
// are summed first, then neighbours are folded pairwise. A block with a value that is not finite, or
// whose sum is not, is summed again one by one.

import { evens, odds } from "./lanes";

/** `sums` has room for `width` floats and a vector more. */
export function blockMeans(
  values: usize,
  pitch: i32,
  width: i32,
  height: i32,
  block: i32,
  sums: usize,
  out: usize,
): void {
  const row = <usize> pitch << 2;
  const columns = (width + block - 1) / block;
  for (let y = 0; y < height; y += block) {
    const first = values + <usize> y * row;
    const rows = min(block, height - y);
    sumColumns(first, row, width, rows, sums);
    for (let cells = width, side = 1; side < block; side <<= 1) cells = fold(sums, cells);
    for (let x = 0; x < columns; x++, out += 4) {
      const across = min(block, width - x * block);
      const sum = load<f32>(sums + (<usize> x << 2));
      const mean = sum / <f32> (across * rows);
      store<f32>(
        out,
        mean - mean == 0
          ? mean
          : carefulMean(first + (<usize> (x * block) << 2), row, across, rows),
      );
    }
  }
}

/** Sums of `rows` rows; the vector after the last whole one is padded with zeros. */
function sumColumns(first: usize, row: usize, width: i32, rows: i32, sums: usize): void {
  let x = 0;
  for (; x + 4 <= width; x += 4) {
    const at = first + (<usize> x << 2);
    let sum = v128.load(at);
    for (let y = 1; y < rows; y++) sum = f32x4.add(sum, v128.load(at + <usize> y * row));
    v128.store(sums + (<usize> x << 2), sum);
  }
  v128.store(sums + (<usize> x << 2), f32x4.splat(0));
  for (; x < width; x++) {
    let sum: f32 = 0;
    for (let y = 0; y < rows; y++) sum += load<f32>(first + <usize> y * row + (<usize> x << 2));
    store<f32>(sums + (<usize> x << 2), sum);
  }
}

/** Adds neighbours in place; answers how many sums are left. Eight at a time, so it may write zeros beyond. */
function fold(sums: usize, cells: i32): i32 {
  const half = (cells + 1) >> 1;
  if (cells & 1) store<f32>(sums + (<usize> cells << 2), 0);
  for (let i = 0; i < half; i += 4) {
    const at = sums + (<usize> i << 3);
    const a = v128.load(at), b = v128.load(at, 16);
    v128.store(sums + (<usize> i << 2), f32x4.add(evens(a, b), odds(a, b)));
  }
  return half;
}

function carefulMean(first: usize, row: usize, width: i32, rows: i32): f32 {
  let sum: f64 = 0, count: f64 = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < width; x++) {
      const value = load<f32>(first + <usize> y * row + (<usize> x << 2));
      if (value - value != 0) continue;
      sum += value;
      count += 1;
    }
  }
  return <f32> (sum / count);
}
