// levels: statistics of blocks of 16 × 16 cells and the means of their quarters of 8 × 8, in one pass:
// quarters are surveyed, their sums become means, and what was surveyed of four is one block's.
import { storeBlock } from "./block_stats";
import { finishFour } from "./four_blocks";
import { addAcross } from "./lanes";
import { join, SUM, SURVEY, survey } from "./survey";
import { closeBF16, joinBF16, surveyBF16 } from "./survey_bf16";

const BLOCK: i32 = 16;
const QUARTER: i32 = 8;

/** Of the eight quarters that lie above in four blocks, then of those below. */
const surveys = memory.data(1792, 16);
const LOWER: usize = 8 * SURVEY;

/**
 * Cells as they are stored, float32 or, if `narrow`, bfloat16: `first` is the address of cell (0, 0),
 * whose neighbours lie before it, `pitch` is in bytes. `out` is as blockStats has it; `means` gets
 * rows of one float32 a quarter.
 */
export function levels(
  first: usize,
  pitch: usize,
  narrow: bool,
  width: i32,
  height: i32,
  out: usize,
  stride: usize,
  means: usize,
): void {
  const step = <usize> BLOCK << (narrow ? 1 : 2);
  const meansPitch = <usize> ((width + QUARTER - 1) / QUARTER) << 2;
  for (let y = 0; y < height; y += BLOCK) {
    const rows = min(BLOCK, height - y);
    let at = first + <usize> y * pitch, mean = means + <usize> (y / QUARTER) * meansPitch;
    let x = 0;
    if (rows == BLOCK) {
      for (; x + 4 * BLOCK <= width; x += 4 * BLOCK) {
        surveyQuarters(at, pitch, narrow);
        storeMeans(at, pitch, narrow, surveys, mean);
        storeMeans(at + QUARTER * pitch, pitch, narrow, surveys + LOWER, mean + meansPitch);
        joinQuarters(at, pitch, narrow);
        let doubtful = finishFour(surveys, 2 * SURVEY, BLOCK, out, stride);
        for (let i: usize = 0; doubtful != 0; i++, doubtful >>= 1) {
          if (doubtful & 1) {
            storeBlock(at + i * step, pitch, narrow, BLOCK, BLOCK, out + 4 * i, stride);
          }
        }
        at += 4 * step;
        out += 16;
        mean += 32;
      }
    }
    for (; x < width; x += BLOCK) {
      const columns = min(BLOCK, width - x);
      storeBlock(at, pitch, narrow, columns, rows, out, stride);
      for (let below = 0; below < rows; below += QUARTER) {
        const to = mean + (below == 0 ? 0 : meansPitch);
        const cells = at + <usize> below * pitch, high = min(QUARTER, rows - below);
        store<f32>(to, meanOf(cells, pitch, narrow, min(QUARTER, columns), high));
        if (columns <= QUARTER) continue;
        store<f32>(to + 4, meanOf(cells + (step >> 1), pitch, narrow, columns - QUARTER, high));
      }
      at += step;
      out += 4;
      mean += 8;
    }
  }
}

/** Upper quarters first: where rows lie a power of two apart, the cache holds no 18 of them. */
function surveyQuarters(at: usize, pitch: usize, narrow: bool): void {
  let to = surveys;
  for (let half = 0; half < 2; half++, at += QUARTER * pitch) {
    for (let i: usize = 0; i < 8; i++, to += SURVEY) {
      if (narrow) surveyBF16(at + (i << 4), pitch, to);
      else survey(at + (i << 5), pitch, QUARTER, QUARTER, to);
    }
  }
}

/** Makes one survey of the four of each block, in place of that of its first quarter. */
function joinQuarters(at: usize, pitch: usize, narrow: bool): void {
  for (let i: usize = 0; i < 4; i++) {
    const to = surveys + 2 * i * SURVEY, below = to + LOWER;
    if (narrow) {
      joinBF16(to, to + SURVEY, below, below + SURVEY);
      closeBF16(at + (i << 5), pitch, BLOCK, to);
    } else {
      join(to, to + SURVEY);
      join(below, below + SURVEY);
      join(to, below);
    }
  }
}

/** Means of eight quarters side by side. */
function storeMeans(at: usize, pitch: usize, narrow: bool, from: usize, to: usize): void {
  const share = f32x4.splat(1 / <f32> (QUARTER * QUARTER));
  const left = f32x4.mul(addAcross(from + SUM, SURVEY), share);
  const right = f32x4.mul(addAcross(from + 4 * SURVEY + SUM, SURVEY), share);
  v128.store(to, left);
  v128.store(to, right, 16);
  const none = f32x4.splat(0);
  const off = f32x4.add(f32x4.mul(left, none), f32x4.mul(right, none));
  if (i32x4.all_true(f32x4.eq(off, off))) return;
  for (let i: usize = 0; i < 8; i++) {
    const mean = load<f32>(to + (i << 2));
    if (mean - mean == 0) continue;
    const cells = at + (i << (narrow ? 4 : 5));
    store<f32>(to + (i << 2), meanOf(cells, pitch, narrow, QUARTER, QUARTER));
  }
}

/** Of the finite cells, in float64; NaN of none. */
function meanOf(at: usize, pitch: usize, narrow: bool, columns: i32, rows: i32): f32 {
  let sum: f64 = 0, count: f64 = 0;
  for (let y = 0; y < rows; y++, at += pitch) {
    for (let x = 0; x < columns; x++) {
      const value = narrow
        ? reinterpret<f32>(<u32> load<u16>(at + (<usize> x << 1)) << 16)
        : load<f32>(at + (<usize> x << 2));
      if (value - value != 0) continue;
      sum += value;
      count += 1;
    }
  }
  return <f32> (sum / count);
}
