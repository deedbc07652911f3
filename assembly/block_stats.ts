// blockStats: statistics of square blocks of bordered cells (rows of `width + 2` float32).
//
// Whole blocks of up to 16 cells a side are measured in SIMD, four at a time. All others, and those
// whose figures came out doubtful, are cut into units of at most 16 × 16 cells: columns that fill
// whole vectors are surveyed, the rest and what is doubtful still (a value that is not finite, a
// square that over- or underflowed) goes through float64, cell by cell. Units join in float64, so
// that a large block is as exact as a small one.
import { COARSE, DOMINANT, FLAT, fourBlocks } from "./four_blocks";
import { addLanes, countLanes, maxLane, minLane } from "./lanes";
import { fromBF16 } from "./narrow_floats";
import { LEAST, MOST, POSITIVES, SLOPES, spread, SQUARES, SUM, survey, ZEROS } from "./survey";

const UNIT: i32 = 16;

const surveyed = memory.data(112, 16);

/** Room for a decoded block: 18 rows of 32 cells. */
const OPENED_PITCH: usize = 128;
const opened = memory.data(2304, 16);

// The unit just measured.
let count: i32, positive: i32, zero: i32, nan: i32, infinite: i32;
let mean: f64, m2: f64, low: f32, high: f32, gradient: f64;

// The block so far.
let blockCount: i32, blockPositive: i32, blockZero: i32, blockNan: i32, blockInfinite: i32;
let blockMean: f64, blockM2: f64, blockLow: f32, blockHigh: f32, blockGradient: f64;

/**
 * `out` holds ten arrays `stride` bytes apart: count, mean, m2, min, max, gradient, positive,
 * zero, nan, infinite.
 */
export function blockStats(
  cells: usize,
  width: i32,
  height: i32,
  block: i32,
  out: usize,
  stride: usize,
): void {
  const pitch = <usize> (width + 2) << 2;
  measureGrid(cells + pitch + 4, pitch, false, width, height, block, out, stride);
}

/**
 * The same of cells as they are stored, float32 or, if `narrow`, bfloat16 in blocks of 8 or 16:
 * `cells` is that of cell (0, 0), whose neighbours lie before it, `pitch` is in bytes.
 */
export function packedStats(
  cells: usize,
  pitch: usize,
  narrow: bool,
  width: i32,
  height: i32,
  block: i32,
  out: usize,
  stride: usize,
): void {
  measureGrid(cells, pitch, narrow, width, height, block, out, stride);
}

function measureGrid(
  cells: usize,
  pitch: usize,
  narrow: bool,
  width: i32,
  height: i32,
  block: i32,
  out: usize,
  stride: usize,
): void {
  const step = <usize> block << (narrow ? 1 : 2);
  for (let y = 0; y < height; y += block) {
    const rows = min(block, height - y);
    let at = cells + <usize> y * pitch;
    let x = 0;
    if (rows == block && block <= UNIT) {
      for (; x + 4 * block <= width; x += 4 * block) {
        let doubtful = fourBlocks(at, pitch, narrow, block, out, stride);
        for (let i: usize = 0; doubtful != 0; i++, doubtful >>= 1) {
          if (doubtful & 1) {
            storeBlock(at + i * step, pitch, narrow, block, block, out + 4 * i, stride);
          }
        }
        at += 4 * step;
        out += 16;
      }
    }
    for (; x < width; x += block) {
      storeBlock(at, pitch, narrow, min(block, width - x), rows, out, stride);
      at += step;
      out += 4;
    }
  }
}

/** The figures of one block, in the most careful way that it needs. */
export function storeBlock(
  at: usize,
  pitch: usize,
  narrow: bool,
  columns: i32,
  rows: i32,
  out: usize,
  stride: usize,
): void {
  if (narrow) measureOpened(at, pitch, columns, rows);
  else measureBlock(at, pitch, columns, rows);
  store<i32>(out, blockCount);
  store<f32>(out + stride, blockCount > 0 ? <f32> blockMean : NaN);
  store<f32>(out + 2 * stride, <f32> blockM2);
  store<f32>(out + 3 * stride, blockCount > 0 ? blockLow : NaN);
  store<f32>(out + 4 * stride, blockCount > 0 ? blockHigh : NaN);
  store<f32>(out + 5 * stride, <f32> blockGradient);
  store<i32>(out + 6 * stride, blockPositive);
  store<i32>(out + 7 * stride, blockZero);
  store<i32>(out + 8 * stride, blockNan);
  store<i32>(out + 9 * stride, blockInfinite);
}

/** A block of at most 16 × 16 bfloat16, by way of a decoded copy with its border. */
function measureOpened(at: usize, pitch: usize, columns: i32, rows: i32): void {
  let to = opened;
  for (let y = -1; y <= rows; y++) {
    fromBF16(at + y * pitch - 2, to, to + OPENED_PITCH);
    to += OPENED_PITCH;
  }
  measureBlock(opened + OPENED_PITCH + 4, OPENED_PITCH, columns, rows);
}

function measureBlock(at: usize, pitch: usize, columns: i32, rows: i32): void {
  blockCount =
    blockPositive =
    blockZero =
    blockNan =
    blockInfinite =
      0;
  blockMean = blockM2 = blockGradient = 0;
  blockLow = Infinity;
  blockHigh = -Infinity;
  for (let y = 0; y < rows; y += UNIT) {
    const height = min(UNIT, rows - y);
    for (let x = 0; x < columns; x += UNIT) {
      const width = min(UNIT, columns - x);
      const unit = at + <usize> y * pitch + (<usize> x << 2);
      const vectors = width & ~3;
      if (vectors > 0) {
        if (!measureVectors(unit, pitch, vectors, height)) {
          measureCells(unit, pitch, vectors, height);
        }
        join();
      }
      if (vectors < width) {
        measureCells(unit + (<usize> vectors << 2), pitch, width - vectors, height);
        join();
      }
    }
  }
}

/** Adds the unit to the block: Chan, Golub, LeVeque 1979. */
function join(): void {
  blockNan += nan;
  blockInfinite += infinite;
  if (count == 0) return;
  const total = <f64> (blockCount + count);
  const step = mean - blockMean;
  blockM2 += m2 + step * step * (<f64> blockCount * <f64> count / total);
  blockMean = blockCount == 0 ? mean : blockMean + step * (<f64> count / total);
  blockCount += count;
  blockPositive += positive;
  blockZero += zero;
  blockLow = min(blockLow, low);
  blockHigh = max(blockHigh, high);
  blockGradient += gradient;
}

/** A unit of whole vectors; false where it needs `measureCells`. */
function measureVectors(at: usize, pitch: usize, width: i32, height: i32): bool {
  survey(at, pitch, width, height, surveyed);
  const squares = addLanes(v128.load(surveyed, SQUARES));
  const slopes = addLanes(v128.load(surveyed, SLOPES));
  low = minLane(v128.load(surveyed, LEAST));
  high = maxLane(v128.load(surveyed, MOST));
  zero = countLanes(v128.load(surveyed, ZEROS));
  count = width * height;
  if (!(isFinite(squares) && isFinite(slopes))) return false;
  const level = zero == count || low >= COARSE || high <= -COARSE;
  if (slopes < <f32> count * FLAT && !level) return false;
  gradient = <f64> slopes * 0.5;
  positive = countLanes(v128.load(surveyed, POSITIVES));
  nan = infinite = 0;
  if (setMoments(0) > <f64> DOMINANT * m2) {
    const pivot = <f32> mean;
    spread(at, pitch, width, height, pivot, surveyed);
    setMoments(pivot);
  }
  return true;
}

/** Mean and M2 from the first survey, whose sums are of differences from `pivot`; answers their shift. */
function setMoments(pivot: f32): f64 {
  const sum = <f64> addLanes(v128.load(surveyed, SUM));
  const shift = sum * sum / <f64> count;
  mean = <f64> pivot + sum / <f64> count;
  m2 = max<f64>(0, <f64> addLanes(v128.load(surveyed, SQUARES)) - shift);
  return shift;
}

/** Any columns, any values: two passes in float64. */
function measureCells(at: usize, pitch: usize, width: i32, height: i32): void {
  count =
    positive =
    zero =
    nan =
    infinite =
      0;
  low = Infinity;
  high = -Infinity;
  gradient = m2 = 0;
  let sum: f64 = 0;
  for (let y = 0; y < height; y++) {
    const row = at + <usize> y * pitch;
    for (let x = 0; x < width; x++) {
      const cell = row + (<usize> x << 2);
      const value = load<f32>(cell);
      if (!isFinite(value)) {
        if (isNaN(value)) nan++;
        else infinite++;
        continue;
      }
      count++;
      sum += <f64> value;
      low = min(low, value);
      high = max(high, value);
      positive += i32(value > 0);
      zero += i32(value == 0);
      const gx = (<f64> load<f32>(cell, 4) - <f64> load<f32>(cell - 4)) * 0.5;
      const gy = (<f64> load<f32>(cell + pitch) - <f64> load<f32>(cell - pitch)) * 0.5;
      const magnitude = sqrt<f64>(gx * gx + gy * gy);
      if (isFinite(magnitude)) gradient += magnitude;
    }
  }
  mean = sum / <f64> count;
  for (let y = 0; y < height; y++) {
    const row = at + <usize> y * pitch;
    for (let x = 0; x < width; x++) {
      const value = load<f32>(row + (<usize> x << 2));
      if (!isFinite(value)) continue;
      const d = <f64> value - mean;
      m2 += d * d;
    }
  }
}
