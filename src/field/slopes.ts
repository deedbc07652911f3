import type { BlockStats } from "../compute/ops.ts";
import { type CellReader, readBeside, type Rect } from "./cells.ts";

/** Slopes read at once: with the sums they stay in a core's second-level cache. */
const BAND = 1 << 16;

/**
 * In statistics of a rectangle's blocks of `block` cells a side, puts the sums of captured |dL/dW| in
 * the place of those of spatial differences; leaves them where the plane has no slopes. Slopes that
 * are not finite count as nothing, as differences do.
 */
export function useSlopes(reader: CellReader, stats: BlockStats, rect: Rect, block: number): void {
  if (!reader.plane.slope) return;
  const sums = new Float64Array(stats.gradient.length);
  const { x, y, width, height } = rect;
  const rows = Math.max(1, Math.floor(BAND / width));
  for (let top = 0; top < height; top += rows) {
    const band = { x, y: y + top, width, height: Math.min(rows, height - top) };
    reader.ops.frame(() => {
      const slopes = readSlopes(reader, band)!;
      for (let row = 0; row < band.height; row++) {
        let at = Math.floor((top + row) / block) * stats.width;
        for (let i = row * width, end = i + width; i < end; at++) {
          let sum = 0;
          for (const next = Math.min(i + block, end); i < next; i++) {
            const slope = Math.abs(slopes[i]!);
            if (slope < Infinity) sum += slope;
          }
          sums[at]! += sum;
        }
      }
    });
  }
  stats.gradient.set(sums);
}

/** Captured dL/dW of a rectangle's cells, in scratch; null where the plane has no slopes. */
export function readSlopes(reader: CellReader, rect: Rect): Float32Array | null {
  const { ops, plane: { slope } } = reader;
  if (!slope) return null;
  const { width, height } = rect;
  const { buffer, byteOffset } = ops.scratch(width * height * 4);
  // Where a folded vector has no element, there is none of its slope either.
  const values = new Float32Array(buffer, byteOffset, width * height).fill(NaN);
  readBeside(reader, slope, rect, { values, start: 0, pitch: width });
  return values;
}
