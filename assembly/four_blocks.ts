// Statistics of four blocks side by side, finished together: a lane is a block.
import { addAcross, countAcross, evens, maxAcross, minAcross, odds } from "./lanes";
import { LEAST, MOST, POSITIVES, SLOPES, SQUARES, SUM, SURVEY, survey, ZEROS } from "./survey";
import { closeBF16, joinBF16, surveyBF16 } from "./survey_bf16";

/** (Σx)²/n above this many M2: the difference of the two has lost too many digits. */
export const DOMINANT: f32 = 4;

/** Mean slopes below this may have underflowed when squared… */
export const FLAT: f32 = 1e-16;
/**
 * …unless all cells are this far from zero on one side, where float32 has no smaller steps, or all
 * are zero, where only neighbours below 1e-22 go unseen.
 */
export const COARSE: f32 = 1e-10;

const surveys = memory.data(448, 16);
/** Of the last three quarters of a block. */
const quarters = memory.data(336, 16);

/**
 * Whole blocks of 1, 2, 4, 8 or 16 cells a side, float32 or, if `narrow`, bfloat16 of 8 or 16.
 * Bit i of the answer: block i is doubtful.
 */
export function fourBlocks(
  at: usize,
  pitch: usize,
  narrow: bool,
  block: i32,
  out: usize,
  stride: usize,
): i32 {
  if (block == 1) return fourCells(at, pitch, out, stride);
  if (block == 2) return fourPairs(at, pitch, out, stride);
  for (let i: usize = 0; i < 4; i++) {
    const to = surveys + i * SURVEY;
    if (narrow) {
      const cells = at + i * (<usize> block << 1);
      surveyBF16(cells, pitch, to);
      if (block == 16) {
        const below = cells + 8 * pitch;
        surveyBF16(cells + 16, pitch, quarters);
        surveyBF16(below, pitch, quarters + SURVEY);
        surveyBF16(below + 16, pitch, quarters + 2 * SURVEY);
        joinBF16(to, quarters, quarters + SURVEY, quarters + 2 * SURVEY);
      }
      closeBF16(cells, pitch, block, to);
    } else survey(at + i * (<usize> block << 2), pitch, block, block, to);
  }
  return finishFour(surveys, SURVEY, block, out, stride);
}

/** Whole blocks whose surveys lie `step` bytes apart; the answer is that of `fourBlocks`. */
export function finishFour(
  surveys: usize,
  step: usize,
  block: i32,
  out: usize,
  stride: usize,
): i32 {
  const n = block * block;
  const sum = addAcross(surveys + SUM, step);
  const mean = f32x4.mul(sum, f32x4.splat(1 / <f32> n));
  const shift = f32x4.mul(sum, mean);
  const m2 = f32x4.sub(addAcross(surveys + SQUARES, step), shift);
  const least = minAcross(surveys + LEAST, step);
  const most = maxAcross(surveys + MOST, step);
  const slopes = addAcross(surveys + SLOPES, step);
  const zeros = countAcross(surveys + ZEROS, step);
  storeMoments(n, mean, m2, least, most, out, stride);
  storeCounts(countAcross(surveys + POSITIVES, step), zeros, out, stride);
  const exact = f32x4.le(shift, f32x4.mul(m2, f32x4.splat(DOMINANT)));
  return i32x4.bitmask(v128.not(exact)) |
    storeSlopes(n, m2, least, most, slopes, zeros, out, stride);
}

/** Blocks of one cell. */
function fourCells(at: usize, pitch: usize, out: usize, stride: usize): i32 {
  const here = v128.load(at), none = f32x4.splat(0);
  // 0, and NaN where the value is not finite.
  const m2 = f32x4.sub(here, here);
  const zeros = i32x4.neg(f32x4.eq(here, none));
  storeMoments(1, here, m2, here, here, out, stride);
  storeCounts(i32x4.neg(f32x4.gt(here, none)), zeros, out, stride);
  return storeSlopes(1, m2, here, here, slopesOf(at, pitch), zeros, out, stride);
}

/** Blocks of 2 × 2 cells. */
function fourPairs(at: usize, pitch: usize, out: usize, stride: usize): i32 {
  const below = at + pitch, none = f32x4.splat(0);
  const a = evens(v128.load(at), v128.load(at, 16)), b = odds(v128.load(at), v128.load(at, 16));
  const c = evens(v128.load(below), v128.load(below, 16));
  const d = odds(v128.load(below), v128.load(below, 16));
  const quarter = f32x4.splat(0.25);
  const pivot = f32x4.mul(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), quarter);
  const da = f32x4.sub(a, pivot), db = f32x4.sub(b, pivot);
  const dc = f32x4.sub(c, pivot), dd = f32x4.sub(d, pivot);
  // The pivot is the mean but for its rounding, which the differences tell.
  const off = f32x4.mul(f32x4.add(f32x4.add(da, db), f32x4.add(dc, dd)), quarter);
  const upper = f32x4.add(f32x4.mul(da, da), f32x4.mul(db, db));
  const lower = f32x4.add(f32x4.mul(dc, dc), f32x4.mul(dd, dd));
  const squares = f32x4.add(upper, lower);
  const m2 = f32x4.sub(squares, f32x4.mul(f32x4.splat(4), f32x4.mul(off, off)));
  const least = f32x4.pmin(f32x4.pmin(a, b), f32x4.pmin(c, d));
  const most = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
  const zeros = countFour(
    f32x4.eq(a, none),
    f32x4.eq(b, none),
    f32x4.eq(c, none),
    f32x4.eq(d, none),
  );
  const positives = countFour(
    f32x4.gt(a, none),
    f32x4.gt(b, none),
    f32x4.gt(c, none),
    f32x4.gt(d, none),
  );
  const left = f32x4.add(slopesOf(at, pitch), slopesOf(below, pitch));
  const right = f32x4.add(slopesOf(at + 16, pitch), slopesOf(below + 16, pitch));
  const slopes = f32x4.add(evens(left, right), odds(left, right));
  storeMoments(4, f32x4.add(pivot, off), m2, least, most, out, stride);
  storeCounts(positives, zeros, out, stride);
  return storeSlopes(4, m2, least, most, slopes, zeros, out, stride);
}

/** Twice the gradient magnitudes of four cells. */
function slopesOf(at: usize, pitch: usize): v128 {
  const gx = f32x4.sub(v128.load(at, 4), v128.load(at - 4));
  const gy = f32x4.sub(v128.load(at + pitch), v128.load(at - pitch));
  return f32x4.sqrt(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy)));
}

/** How many of four comparisons hold, lane by lane. */
function countFour(a: v128, b: v128, c: v128, d: v128): v128 {
  return i32x4.neg(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)));
}

function storeMoments(
  n: i32,
  mean: v128,
  m2: v128,
  least: v128,
  most: v128,
  out: usize,
  stride: usize,
): void {
  v128.store(out, i32x4.splat(n));
  v128.store(out + stride, mean);
  v128.store(out + 2 * stride, m2);
  v128.store(out + 3 * stride, least);
  v128.store(out + 4 * stride, most);
}

function storeCounts(positives: v128, zeros: v128, out: usize, stride: usize): void {
  v128.store(out + 6 * stride, positives);
  v128.store(out + 7 * stride, zeros);
  v128.store(out + 8 * stride, i32x4.splat(0));
  v128.store(out + 9 * stride, i32x4.splat(0));
}

/** Bit i of the answer: M2 or slopes of block i are not finite, or the slopes may have underflowed. */
function storeSlopes(
  n: i32,
  m2: v128,
  least: v128,
  most: v128,
  slopes: v128,
  zeros: v128,
  out: usize,
  stride: usize,
): i32 {
  v128.store(out + 5 * stride, f32x4.mul(slopes, f32x4.splat(0.5)));
  const finite = f32x4.lt(f32x4.add(m2, slopes), f32x4.splat(Infinity));
  const sloped = f32x4.ge(slopes, f32x4.splat(<f32> n * FLAT));
  const level = v128.or(
    i32x4.eq(zeros, i32x4.splat(n)),
    v128.or(f32x4.ge(least, f32x4.splat(COARSE)), f32x4.le(most, f32x4.splat(-COARSE))),
  );
  return i32x4.bitmask(v128.not(v128.and(finite, v128.or(sloped, level))));
}
