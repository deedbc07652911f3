// PNG scanlines (PNG 3rd edition, section 9): each row behind a byte that names its filter.
import { clear, count, counts, log2, sum } from "./histogram";

const NONE: u32 = 0;
const SUB: u32 = 1;
const UP: u32 = 2;
/** Rows looked at to choose the filter. */
const SAMPLED: usize = 16;

/**
 * Filters `height` rows of `width` bytes, all with the filter that leaves a sample of them the
 * least entropy; `pixel` is the distance to the same channel of the pixel at the left. A row takes
 * one byte more at `target`, behind whose end 16 bytes are written over. Returns the filter.
 */
export function filterRows(
  source: usize,
  width: usize,
  height: usize,
  pixel: usize,
  target: usize,
): u32 {
  const filter = chooseFilter(source, width, height, pixel, target);
  for (let y: usize = 0; y < height; y++, target += width + 1) {
    store<u8>(target, filter);
    filterRow(filter, source + y * width, width, y == 0, pixel, target + 1);
  }
  return filter;
}

/** The filter with the largest Σ f·log2 f over the sampled rows' byte counts f: least entropy. */
function chooseFilter(
  source: usize,
  width: usize,
  height: usize,
  pixel: usize,
  spare: usize,
): u32 {
  const step = (height + SAMPLED - 1) / SAMPLED;
  let chosen: u32 = NONE;
  let best: u64 = 0;
  for (let filter: u32 = NONE; filter <= UP; filter++) {
    clear();
    for (let y = step >> 1; y < height; y += step) {
      filterRow(filter, source + y * width, width, y == 0, pixel, spare);
      count(spare, spare + width);
    }
    sum();
    let order: u64 = 0;
    for (let byte = 0; byte < 256; byte++) {
      const times = load<u32>(counts + (byte << 2));
      if (times != 0) order += <u64> times * log2(times);
    }
    if (order > best) {
      best = order;
      chosen = filter;
    }
  }
  return chosen;
}

/** Writes whole vectors, so up to 15 bytes beyond the row. */
function filterRow(
  filter: u32,
  row: usize,
  width: usize,
  first: bool,
  pixel: usize,
  target: usize,
): void {
  if (filter == NONE || filter == UP && first) {
    for (let x: usize = 0; x < width; x += 16) v128.store(target + x, v128.load(row + x));
    return;
  }
  const back = filter == SUB ? pixel : width;
  for (let x: usize = 0; x < width; x += 16) {
    v128.store(target + x, i8x16.sub(v128.load(row + x), v128.load(row + x - back)));
  }
  // The first pixel has nothing at its left.
  if (filter == SUB) {
    for (let x: usize = 0; x < min(pixel, width); x++) store<u8>(target + x, load<u8>(row + x));
  }
}
