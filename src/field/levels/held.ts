import { cut, statsOf } from "../block_arrays.ts";
import type { Levels } from "../levels.ts";
import { levelAt, meansAt, type Pyramid } from "../pyramid.ts";

/** The levels of a pyramid in memory. */
export const heldLevels = (pyramid: Pyramid): Levels => ({
  meansFrom: pyramid.base - 1,
  statsFrom: pyramid.base,
  means(log2, { x, y, width, height }, { values, start, pitch }) {
    const level = meansAt(pyramid, log2);
    for (let row = 0; row < height; row++) {
      const from = (y + row) * level.width + x;
      values.set(level.means.subarray(from, from + width), start + row * pitch);
    }
  },
  stats: (ops, log2, { x, y, width, height }) =>
    cut(ops, statsOf(levelAt(pyramid, log2)), x, y, width, height),
});
