import type { Ops } from "../../compute/ops.ts";
import { type CellReader, readCells, type Rect } from "../cells.ts";
import type { Levels } from "../levels.ts";
import { generator } from "../random.ts";

/** Smaller blocks are read whole: a sample of them would be most of them. */
export const SAMPLED_FROM = 3;

/** A line of cells that was read for blocks, and the share of their cells that it stands for. */
export interface Line {
  /** Its place across the blocks: a row, or, where the file's runs lie down, a column. */
  readonly at: number;
  readonly weight: number;
}

/** How many lines a block gets, `beside` of which are asked for next to each other. */
// Of a single line nothing tells how far off it is, unless there is another beside it.
const linesFor = (beside: number): number => beside === 1 ? 2 : 1;

/**
 * The lines that stand for block `block` of 2^`log2` cells: one at random from each of equal parts
 * of it, the same whenever it is asked. A line's cells are neighbours in the file.
 */
export function linesOf(
  name: string,
  log2: number,
  block: number,
  cells: number,
  lines = 1,
): Line[] {
  const from = block * 2 ** log2;
  const count = Math.min(cells - from, 2 ** log2);
  const strata = Math.min(count, lines);
  const random = generator(`${name} ${log2} ${block}`);
  return Array.from({ length: strata }, (_, i) => {
    const start = Math.floor(count * i / strata), end = Math.floor(count * (i + 1) / strata);
    return {
      at: from + start + Math.floor(random() * (end - start)),
      weight: (end - start) / count,
    };
  });
}

/**
 * Means of blocks, each estimated from whole lines of its cells (stratified sampling, one line a
 * stratum: W. G. Cochran, "Sampling Techniques", 5A.12). Unbiased over the choice of lines. The error
 * comes from the difference of a block's two lines, or of neighbouring blocks' lines where each has
 * one; either also holds what really differs there, so that it is rather too large than too small.
 */
export function sampledLevels(reader: CellReader): Levels {
  const { plane, ops } = reader;
  const { runsDown, tensor: { name } } = plane;
  let squares = 0, differences = 0;
  const note = (a: number, b: number, factor: number) => {
    const square = factor * (a - b) ** 2;
    if (!Number.isFinite(square)) return;
    squares += square;
    differences++;
  };
  return {
    meansFrom: SAMPLED_FROM,
    statsFrom: Infinity,
    means(log2, { x, y, width, height }, { values, start, pitch }) {
      const [first, count] = runsDown ? [x, width] : [y, height];
      const [from, along] = runsDown ? [y, height] : [x, width];
      const [next, step] = runsDown ? [1, pitch] : [pitch, 1];
      let before: Float32Array | null = null;
      for (let i = 0; i < count; i++) {
        const across = runsDown ? plane.width : plane.height;
        const lines = linesOf(name, log2, first + i, across, linesFor(count));
        const read = lines.map(({ at, weight }) => ({
          weight,
          means: meansOfLine(reader, ops, at, from, along, log2),
        }));
        const means = combine(read);
        const [a, b] = read;
        for (let at = 0; at < along; at++) {
          if (a && b) note(a.means[at]!, b.means[at]!, 1 / 4);
          else if (before) note(means[at]!, before[at]!, 1 / 2);
          values[start + i * next + at * step] = means[at]!;
        }
        before = means;
      }
    },
    stats() {
      throw new TypeError("a sample has means alone");
    },
    squaredError: () => differences === 0 ? 0 : squares / differences,
  };
}

/** Means of `count` neighbouring blocks, of those of their cells that lie on one line. */
export function meansOfLine(
  reader: CellReader,
  ops: Ops,
  at: number,
  first: number,
  count: number,
  log2: number,
  visit?: (cells: Float32Array) => void,
): Float32Array {
  const { plane } = reader;
  const { runsDown } = plane;
  const block = 2 ** log2;
  const from = first * block;
  const length = Math.min(count * block, (runsDown ? plane.height : plane.width) - from);
  const rect: Rect = runsDown
    ? { x: at, y: from, width: 1, height: length }
    : { x: from, y: at, width: length, height: 1 };
  return ops.frame(() => {
    const { buffer, byteOffset } = ops.scratch(length * 4);
    const values = new Float32Array(buffer, byteOffset, length);
    readCells(reader, rect, { values, start: 0, pitch: rect.width });
    visit?.(values);
    return ops.blockMeans({ values, start: 0, pitch: length }, length, 1, block).slice();
  });
}

/** Weighted means of the lines that have finite values. */
function combine(lines: readonly { readonly weight: number; readonly means: Float32Array }[]) {
  const [only, ...others] = lines;
  if (only && others.length === 0) return only.means;
  return only!.means.map((_, i) => {
    let sum = 0, weights = 0;
    for (const { means, weight } of lines) {
      if (Number.isNaN(means[i]!)) continue;
      sum += weight * means[i]!;
      weights += weight;
    }
    return weights > 0 ? sum / weights : NaN;
  });
}
