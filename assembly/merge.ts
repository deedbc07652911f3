// merge: 2×2 blocks into one, in float64. Statistics as `blockStats` writes them. Where four blocks lie
// above four others, two are made at once: a lane is a block.
import { evens, odds } from "./lanes";

/** Blocks that do not exist (beyond odd edges) have address 0. */
export function merge(
  stats: usize,
  stride: usize,
  width: i32,
  height: i32,
  out: usize,
  outStride: usize,
): void {
  const row = <usize> width << 2;
  for (let y = 0; y < height; y += 2) {
    let x = 0;
    for (; x + 4 <= width && y + 1 < height; x += 4) {
      mergeTwo(stats + <usize> y * row + (<usize> x << 2), row, stride, out, outStride);
      out += 8;
    }
    for (; x < width; x += 2) {
      const a = stats + <usize> y * row + (<usize> x << 2);
      const b = x + 1 < width ? a + 4 : 0;
      const c = y + 1 < height ? a + row : 0;
      const d = b != 0 && c != 0 ? c + 4 : 0;
      mergeFour(a, b, c, d, stride, out, outStride);
      out += 4;
    }
  }
}

/** Four blocks from `at` on and the four a `row` below them into two. */
function mergeTwo(at: usize, row: usize, stride: usize, out: usize, outStride: usize): void {
  const none = i32x4.splat(0);
  const upper = v128.load(at), lower = v128.load(at + row);
  const ca = evens(upper, upper), cb = odds(upper, upper);
  const cc = evens(lower, lower), cd = odds(lower, lower);
  const fa = i32x4.ne(ca, none), fb = i32x4.ne(cb, none);
  const fc = i32x4.ne(cc, none), fd = i32x4.ne(cd, none);
  const count = i32x4.add(i32x4.add(ca, cb), i32x4.add(cc, cd));
  const filled = i32x4.ne(count, none);

  // The mean of an empty block has no weight.
  const means = v128.load(at + stride), meansBelow = v128.load(at + row + stride);
  const ma = f64x2.promote_low_f32x4(v128.and(evens(means, means), fa));
  const mb = f64x2.promote_low_f32x4(v128.and(odds(means, means), fb));
  const mc = f64x2.promote_low_f32x4(v128.and(evens(meansBelow, meansBelow), fc));
  const md = f64x2.promote_low_f32x4(v128.and(odds(meansBelow, meansBelow), fd));
  const na = f64x2.convert_low_i32x4_u(ca), nb = f64x2.convert_low_i32x4_u(cb);
  const nc = f64x2.convert_low_i32x4_u(cc), nd = f64x2.convert_low_i32x4_u(cd);
  const sum = f64x2.add(
    f64x2.add(f64x2.mul(na, ma), f64x2.mul(nb, mb)),
    f64x2.add(f64x2.mul(nc, mc), f64x2.mul(nd, md)),
  );
  const mean = f64x2.div(sum, f64x2.convert_low_i32x4_u(count));
  const between = f64x2.add(
    f64x2.add(weighed(na, f64x2.sub(ma, mean)), weighed(nb, f64x2.sub(mb, mean))),
    f64x2.add(weighed(nc, f64x2.sub(mc, mean)), weighed(nd, f64x2.sub(md, mean))),
  );
  const m2 = f32x4.demote_f64x2_zero(f64x2.add(addPairs(at + 2 * stride, row), between));

  const infinity = f32x4.splat(Infinity), nan = f32x4.splat(NaN);
  let from = at + 3 * stride;
  let top = v128.load(from), bottom = v128.load(from + row);
  const least = f32x4.pmin(
    f32x4.pmin(
      v128.bitselect(evens(top, top), infinity, fa),
      v128.bitselect(odds(top, top), infinity, fb),
    ),
    f32x4.pmin(
      v128.bitselect(evens(bottom, bottom), infinity, fc),
      v128.bitselect(odds(bottom, bottom), infinity, fd),
    ),
  );
  from += stride;
  top = v128.load(from);
  bottom = v128.load(from + row);
  const lowest = f32x4.splat(-Infinity);
  const most = f32x4.pmax(
    f32x4.pmax(
      v128.bitselect(evens(top, top), lowest, fa),
      v128.bitselect(odds(top, top), lowest, fb),
    ),
    f32x4.pmax(
      v128.bitselect(evens(bottom, bottom), lowest, fc),
      v128.bitselect(odds(bottom, bottom), lowest, fd),
    ),
  );
  storeTwo(out, count);
  storeTwo(out + outStride, f32x4.demote_f64x2_zero(mean));
  storeTwo(out + 2 * outStride, v128.and(m2, filled));
  storeTwo(out + 3 * outStride, v128.bitselect(least, nan, filled));
  storeTwo(out + 4 * outStride, v128.bitselect(most, nan, filled));
  storeTwo(out + 5 * outStride, f32x4.demote_f64x2_zero(addPairs(at + 5 * stride, row)));
  for (let figure: usize = 6; figure < 10; figure++) {
    from = at + figure * stride;
    const pairs = i32x4.add(v128.load(from), v128.load(from + row));
    storeTwo(out + figure * outStride, i32x4.add(evens(pairs, pairs), odds(pairs, pairs)));
  }
}

function storeTwo(to: usize, lanes: v128): void {
  v128.store64_lane(to, lanes, 0);
}

function weighed(n: v128, difference: v128): v128 {
  return f64x2.mul(n, f64x2.mul(difference, difference));
}

/** Two sums of two by two floats. */
function addPairs(at: usize, row: usize): v128 {
  const upper = v128.load(at), lower = v128.load(at + row);
  const left = f64x2.add(
    f64x2.promote_low_f32x4(evens(upper, upper)),
    f64x2.promote_low_f32x4(odds(upper, upper)),
  );
  const right = f64x2.add(
    f64x2.promote_low_f32x4(evens(lower, lower)),
    f64x2.promote_low_f32x4(odds(lower, lower)),
  );
  return f64x2.add(left, right);
}

function mergeFour(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  stride: usize,
  out: usize,
  outStride: usize,
): void {
  const na = countOf(a), nb = countOf(b), nc = countOf(c), nd = countOf(d);
  const ma = meanOf(a, stride), mb = meanOf(b, stride);
  const mc = meanOf(c, stride), md = meanOf(d, stride);
  const n = na + nb + nc + nd;
  const mean = (na * ma + nb * mb + nc * mc + nd * md) / n;
  const da = ma - mean, db = mb - mean, dc = mc - mean, dd = md - mean;
  const between = na * da * da + nb * db * db + nc * dc * dc + nd * dd * dd;
  const least = min(
    min(leastOf(a, stride), leastOf(b, stride)),
    min(leastOf(c, stride), leastOf(d, stride)),
  );
  const most = max(
    max(mostOf(a, stride), mostOf(b, stride)),
    max(mostOf(c, stride), mostOf(d, stride)),
  );
  store<u32>(out, <u32> n);
  store<f32>(out + outStride, <f32> mean);
  store<f32>(out + 2 * outStride, n > 0 ? <f32> (addFloats(a, b, c, d, 2 * stride) + between) : 0);
  store<f32>(out + 3 * outStride, n > 0 ? least : NaN);
  store<f32>(out + 4 * outStride, n > 0 ? most : NaN);
  store<f32>(out + 5 * outStride, <f32> addFloats(a, b, c, d, 5 * stride));
  for (let figure: usize = 6; figure < 10; figure++) {
    store<u32>(out + figure * outStride, addCounts(a, b, c, d, figure * stride));
  }
}

function countOf(block: usize): f64 {
  return block == 0 ? 0 : <f64> load<u32>(block);
}

/** 0 of an empty block, whose mean has no weight. */
function meanOf(block: usize, stride: usize): f64 {
  return block == 0 || load<u32>(block) == 0 ? 0 : <f64> load<f32>(block + stride);
}

function leastOf(block: usize, stride: usize): f32 {
  return block == 0 || load<u32>(block) == 0 ? Infinity : load<f32>(block + 3 * stride);
}

function mostOf(block: usize, stride: usize): f32 {
  return block == 0 || load<u32>(block) == 0 ? -Infinity : load<f32>(block + 4 * stride);
}

function addFloats(a: usize, b: usize, c: usize, d: usize, at: usize): f64 {
  return floatAt(a, at) + floatAt(b, at) + floatAt(c, at) + floatAt(d, at);
}

function floatAt(block: usize, at: usize): f64 {
  return block == 0 ? 0 : <f64> load<f32>(block + at);
}

function addCounts(a: usize, b: usize, c: usize, d: usize, at: usize): u32 {
  return countAt(a, at) + countAt(b, at) + countAt(c, at) + countAt(d, at);
}

function countAt(block: usize, at: usize): u32 {
  return block == 0 ? 0 : load<u32>(block + at);
}
