import type { Ops } from "../compute/ops.ts";
import type { Window } from "../field/canvas.ts";
import type { Octree } from "../field/octree.ts";
import { drawSlice, type SlicePixels, type SliceRect } from "../field/octree/slice.ts";

// What a window shows of a slice through an octree, pixel by pixel.

/** Pixels a cube is wide from which its edges are drawn. */
const EDGED = 4;

/** The blocks, or cells, that a window shows of a slice. */
export function sliced(
  octree: Octree,
  { log2, x, y, width, height }: Window,
  at: Pick<SliceRect, "axis" | "index">,
): SlicePixels {
  const p = 2 ** Math.max(0, -log2);
  return drawSlice(octree, {
    ...at,
    detail: Math.max(0, log2),
    ...{ x, y, width: Math.ceil(width / p), height: Math.ceil(height / p) },
  });
}

/** One value a pixel of a window, NaN beyond the slice. */
export function spread(means: Float32Array, window: Window, ops: Ops): Float32Array {
  const { log2, width, height, columns, rows } = window;
  const p = 2 ** Math.max(0, -log2), across = Math.ceil(width / p);
  const { buffer, byteOffset } = ops.scratch(columns * rows * 4);
  const values = new Float32Array(buffer, byteOffset, columns * rows).fill(NaN);
  for (let row = 0; row < height; row++) {
    const from = Math.floor(row / p) * across;
    for (let column = 0; column < width; column++) {
      values[row * columns + column] = means[from + Math.floor(column / p)]!;
    }
  }
  return values;
}

/** The first row and column of pixels of each cube that is `EDGED` pixels wide or more. */
export function edgesOf(levels: Uint8Array, window: Window): Uint8Array {
  const { log2, x, y, width, height, columns, rows } = window;
  const p = 2 ** Math.max(0, -log2), across = Math.ceil(width / p);
  const lines = new Uint8Array(columns * rows);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const level = levels[Math.floor(row / p) * across + Math.floor(column / p)]!;
      // Pixels of the cube, counted from the slice's corner.
      const side = 2 ** (level - log2);
      if (side < EDGED) continue;
      const isFirst = (first: number, pixel: number) => (first * p + pixel) % side === 0;
      if (isFirst(x, column) || isFirst(y, row)) lines[row * columns + column] = 1;
    }
  }
  return lines;
}
