// Panels: lines of float32 numbers, some at a time and interleaved, as the tiles of products read them.

/** Lines (rows of A) in a panel on the left. */
export const HEIGHT = 6;

/** Columns in a panel on the right: two vectors. */
export function width<T>(): i32 {
  return 32 / sizeof<T>();
}

/** Terms that a tile sums at once, `TERMS` of the host: the panels of as many stay in the first- and second-level caches. */
export const DEPTH = 256;

/**
 * Packs `lines` of `depth` numbers, `line` bytes from one to the next and `along` bytes from number to
 * number, into panels of `wide` lines: a number of each line, then the next of each. What a last panel
 * lacks, and the number that an odd depth lacks, is 0. Returns the bytes of a panel.
 */
export function pack<T>(
  from: usize,
  line: usize,
  along: usize,
  lines: i32,
  depth: i32,
  wide: i32,
  to: usize,
): usize {
  const step = <usize> wide * sizeof<T>(), panel = step * <usize> (depth + (depth & 1));
  for (; lines > 0; lines -= wide, from += line * <usize> wide, to += panel) {
    const have = min(wide, lines);
    if (have < wide || (depth & 1) != 0) memory.fill(to, 0, panel);
    for (let i = 0; i < have; i++) {
      let at = from + <usize> i * line, into = to + <usize> i * sizeof<T>();
      for (const end = into + <usize> depth * step; into < end; into += step, at += along) {
        store<T>(into, <T> load<f32>(at));
      }
    }
  }
  return panel;
}
