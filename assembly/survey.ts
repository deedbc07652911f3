// One pass over cells in SIMD: the part of blockStats that everything waits for. The square root
// (4.5 cycles for four lanes on Zen 5) is the bound; the rest is kept short enough to hide under it.

/** Bytes that `survey` writes, each figure in four lanes. */
export const SURVEY: usize = 112;
export const SUM: usize = 0;
export const SQUARES: usize = 16;
/** Twice the gradient magnitudes. */
export const SLOPES: usize = 32;
export const LEAST: usize = 48;
export const MOST: usize = 64;
export const POSITIVES: usize = 80;
export const ZEROS: usize = 96;

/**
 * Rows surveyed at a time. Where rows lie a power of two apart, all of a column fall into one set
 * of the cache, which has 8 ways or more: a column of 16 would push itself out.
 */
export const ROWS: i32 = 8;

/** Cells of `height` rows, `pitch` bytes apart, `width` (a multiple of 4) of them in each. */
export function survey(at: usize, pitch: usize, width: i32, height: i32, to: usize): void {
  const none = f32x4.splat(0);
  let sum = none, squares = none, slopes = none, positives = none, zeros = none;
  let least = v128.load(at), most = least;
  for (; height > 0; height -= ROWS) {
    const rows = min(height, ROWS);
    for (let x = 0; x < width; x += 4) {
      let cell = at + (<usize> x << 2);
      let above = v128.load(cell - pitch);
      let here = v128.load(cell);
      for (let y = 0; y < rows; y++) {
        const next = cell + pitch;
        const below = v128.load(next);
        const gx = f32x4.sub(v128.load(cell - 4, 8), v128.load(cell - 4));
        const gy = f32x4.sub(below, above);
        slopes = f32x4.add(slopes, f32x4.sqrt(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy))));
        sum = f32x4.add(sum, here);
        squares = f32x4.add(squares, f32x4.mul(here, here));
        least = f32x4.pmin(least, here);
        most = f32x4.pmax(most, here);
        positives = i32x4.sub(positives, f32x4.gt(here, none));
        zeros = i32x4.sub(zeros, f32x4.eq(here, none));
        above = here;
        here = below;
        cell = next;
      }
    }
    at += <usize> ROWS * pitch;
  }
  v128.store(to, sum, SUM);
  v128.store(to, squares, SQUARES);
  v128.store(to, slopes, SLOPES);
  v128.store(to, least, LEAST);
  v128.store(to, most, MOST);
  v128.store(to, positives, POSITIVES);
  v128.store(to, zeros, ZEROS);
}

/** Adds to a survey what another says of other cells. */
export function join(to: usize, other: usize): void {
  v128.store(to, f32x4.add(v128.load(to, SUM), v128.load(other, SUM)), SUM);
  v128.store(to, f32x4.add(v128.load(to, SQUARES), v128.load(other, SQUARES)), SQUARES);
  v128.store(to, f32x4.add(v128.load(to, SLOPES), v128.load(other, SLOPES)), SLOPES);
  v128.store(to, f32x4.pmin(v128.load(to, LEAST), v128.load(other, LEAST)), LEAST);
  v128.store(to, f32x4.pmax(v128.load(to, MOST), v128.load(other, MOST)), MOST);
  v128.store(to, i32x4.add(v128.load(to, POSITIVES), v128.load(other, POSITIVES)), POSITIVES);
  v128.store(to, i32x4.add(v128.load(to, ZEROS), v128.load(other, ZEROS)), ZEROS);
}

/** Sum and squares of the differences from `pivot`, for cells whose mean dwarfs their spread. */
export function spread(
  at: usize,
  pitch: usize,
  width: i32,
  height: i32,
  pivot: f32,
  to: usize,
): void {
  const k = f32x4.splat(pivot);
  let sum = f32x4.splat(0), squares = sum;
  for (let x = 0; x < width; x += 4) {
    let cell = at + (<usize> x << 2);
    for (let y = 0; y < height; y++) {
      const d = f32x4.sub(v128.load(cell), k);
      sum = f32x4.add(sum, d);
      squares = f32x4.add(squares, f32x4.mul(d, d));
      cell += pitch;
    }
  }
  v128.store(to, sum, SUM);
  v128.store(to, squares, SQUARES);
}
