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
 * Means of the finite cells of slice z of blocks of 2^`log2` cells along each axis, row by row; NaN
 * where none is. A block at the far sides has the cells that exist.
 */
export function coarseSlice(reader: VolumeReader, log2: Sides, z: number): Float32Array {
  const { volume, ops, cancelled } = reader;
  const [across, down] = coarseSides(volume, log2);
  const wide = 2 ** log2[0], high = 2 ** log2[1], deep = 2 ** log2[2];
  const sums = new Float64Array(across * down), counts = new Uint32Array(across * down);
  const depth = Math.min(deep, volume.depth - z * deep);
  // Whole rows of blocks, as many as are worth a read.
  const rows = Math.max(1, Math.floor(READ / (volume.width * high * depth)));
  for (let row = 0; row < down; row += rows) {
    cancelled();
    const y = row * high;
    const height = Math.min(rows * high, volume.height - y);
    const box: Box = { x: 0, y, z: z * deep, width: volume.width, height, depth };
    const blocks = { wide, high, across };
    const from = row * across;
    ops.frame(() => {
      const { values } = readBrick(reader, box);
      add(values, box, blocks, sums.subarray(from), counts.subarray(from));
    });
  }
  return Float32Array.from(sums, (sum, i) => sum / counts[i]!);
}

/** Adds cells to blocks of `wide` × `high` of them, in rows of `across`. */
function add(
  values: Float32Array,
  { width, height, depth }: Box,
  { wide, high, across }: { readonly wide: number; readonly high: number; readonly across: number },
  sums: Float64Array,
  counts: Uint32Array,
): void {
  for (let k = 0, i = 0; k < depth; k++) {
    for (let j = 0; j < height; j++) {
      const from = Math.floor(j / high) * across;
      for (let x = 0; x < width; x++, i++) {
        const value = values[i]!;
        if (value - value !== 0) continue;
        const block = from + Math.floor(x / wide);
        sums[block]! += value;
        counts[block]!++;
      }
    }
  }
}
