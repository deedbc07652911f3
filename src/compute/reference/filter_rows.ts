/** Filter types of PNG (3rd edition, section 9.2) that are tried; their numbers are those of PNG. */
const NONE = 0, SUB = 1, UP = 2;
/** Rows looked at to choose the filter. */
const SAMPLED = 16;

export function filterRows(
  bytes: Uint8Array,
  width: number,
  height: number,
  pixel: number,
): Uint8Array {
  const row = (filter: number, y: number): Uint8Array =>
    Uint8Array.from({ length: width }, (_, x) => {
      const at = y * width + x;
      const left = x >= pixel ? bytes[at - pixel]! : 0;
      const above = y > 0 ? bytes[at - width]! : 0;
      return bytes[at]! - (filter === SUB ? left : filter === UP ? above : 0);
    });

  // Entropy is log2 n - Σ f·log2 f / n over the counts f of each byte in the n sampled.
  const step = Math.ceil(height / SAMPLED);
  const order = (filter: number): number => {
    const counts = new Uint32Array(256);
    for (let y = step >> 1; y < height; y += step) {
      for (const byte of row(filter, y)) counts[byte]!++;
    }
    return counts.reduce((sum, times) => sum + (times > 0 ? times * log2(times) : 0), 0);
  };
  let chosen = NONE, best = order(NONE);
  for (const filter of [SUB, UP]) {
    const rival = order(filter);
    if (rival > best) [chosen, best] = [filter, rival];
  }

  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    rows[y * (width + 1)] = chosen;
    rows.set(row(chosen, y), y * (width + 1) + 1);
  }
  return rows;
}

/** log2 in 1/256, of x > 0, from a parabola between powers of two: in integers, so the same everywhere. */
function log2(x: number): number {
  const whole = 31 - Math.clz32(x);
  const part = Math.floor(x * 256 / 2 ** whole) & 255;
  return whole * 256 + part + (part * (256 - part) * 88 >> 16);
}
