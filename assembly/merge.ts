// merge: 2×2 blocks into one, in float64. Statistics as `blockStats` writes them.

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
    for (let x = 0; x < width; x += 2) {
      const a = stats + <usize> y * row + (<usize> x << 2);
      const b = x + 1 < width ? a + 4 : 0;
      const c = y + 1 < height ? a + row : 0;
      const d = b != 0 && c != 0 ? c + 4 : 0;
      mergeFour(a, b, c, d, stride, out, outStride);
      out += 4;
    }
  }
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
