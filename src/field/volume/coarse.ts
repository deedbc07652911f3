import type { Box } from "../octree/grid.ts";
import { readBrick, type VolumeReader } from "./bricks.ts";

/** Numbers along x, y and z. */
export type Sides = readonly [x: number, y: number, z: number];

/** Blocks of a volume, of 2^`log2` cells along each axis. */
export function coarseSides(
  { width, height, depth }: { width: number; height: number; depth: number },
  [x, y, z]: Sides,
): Sides {
  return [Math.ceil(width / 2 ** x), Math.ceil(height / 2 ** y), Math.ceil(depth / 2 ** z)];
}

/** Cells read at once. */
const READ = 1 << 20;

/**
 * Visits the means of the finite cells of slice z of blocks of 2^`log2` cells along each axis, some rows
 * at a time: their means, row by row, and the number of the first in the slice. What is not finite
 * stands for a block without a finite cell; one at the far sides has the cells that exist. The means
 * may lie in scratch memory.
 */
export function coarseRows(
  reader: VolumeReader,
  log2: Sides,
  z: number,
  visit: (means: Float32Array, first: number) => void,
): void {
  const { volume, ops, cancelled } = reader;
  const [across, down] = coarseSides(volume, log2);
  const [wide, high, deep] = log2;
  const top = z << deep, depth = Math.min(1 << deep, volume.depth - top);
  // Whole rows of blocks, as many as are worth a read.
  const rows = Math.max(1, Math.floor(READ / (volume.width * depth << high)));
  for (let row = 0; row < down; row += rows) {
    cancelled();
    const y = row << high;
    const height = Math.min(rows << high, volume.height - y);
    const box: Box = { x: 0, y, z: top, width: volume.width, height, depth };
    ops.frame(() => {
      const { values } = readBrick(reader, box);
      const isEvery = wide + high + deep === 0;
      visit(isEvery ? values : meansOf(values, box, { wide, high, across }), row * across);
    });
  }
}

/** Means of blocks of 2^`wide` × 2^`high` cells, in rows of `across`, through all of a box. */
function meansOf(
  values: Float32Array,
  { width, height, depth }: Box,
  { wide, high, across }: { readonly wide: number; readonly high: number; readonly across: number },
): Float32Array {
  const count = across * Math.ceil(height / 2 ** high);
  const sums = new Float64Array(count), counts = new Uint32Array(count);
  for (let k = 0, i = 0; k < depth; k++) {
    for (let j = 0; j < height; j++) {
      const from = (j >> high) * across;
      for (let x = 0; x < width; x++, i++) {
        const value = values[i]!;
        if (value - value !== 0) continue;
        const block = from + (x >> wide);
        sums[block]! += value;
        counts[block]!++;
      }
    }
  }
  const means = new Float32Array(count);
  for (let i = 0; i < count; i++) means[i] = sums[i]! / counts[i]!;
  return means;
}
