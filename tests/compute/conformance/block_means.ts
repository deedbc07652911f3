import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Ops } from "../../../src/compute/ops.ts";
import { normal } from "../samples.ts";

/**
 * blockMeans: against float64 sums over each block, relative to its largest magnitude: 1e-6, as
 * float32 sums of up to 64 values allow, growing with the logarithm of the block.
 */
export function conformBlockMeans(ops: Ops): void {
  for (const [width, height] of [[1, 1], [3, 2], [4, 4], [17, 9], [64, 33], [131, 70]] as const) {
    Deno.test(`${ops.name} blockMeans() of ${width} × ${height} cells in a wider array`, () => {
      const pitch = width + 5, start = 7;
      for (const edge of [0.5, NaN, Infinity, -Infinity, 3e38]) {
        const values = normal(start + pitch * (height + 1), 41, 0.02, 0.01);
        for (const at of [0, width - 1, (height - 1) * pitch, (height - 1) * pitch + width - 1]) {
          values[start + at] = edge;
        }
        for (const block of [1, 2, 4, 8, 16, 64, 256]) {
          ops.frame(() => {
            const means = ops.blockMeans({ values, start, pitch }, width, height, block);
            const columns = Math.ceil(width / block);
            assertEquals(means.length, columns * Math.ceil(height / block));
            for (const [i, mean] of means.entries()) {
              const cell = (x: number, y: number) => values[start + y * pitch + x]!;
              const x = (i % columns) * block, y = Math.floor(i / columns) * block;
              agree(mean, cell, x, Math.min(x + block, width), y, Math.min(y + block, height));
            }
          });
        }
      }
    });
  }

  Deno.test(`${ops.name} blockMeans() refuses cells that are missing and odd blocks`, () => {
    const cells = { values: new Float32Array(12), start: 0, pitch: 4 };
    ops.frame(() => {
      assertEquals(ops.blockMeans(cells, 0, 0, 2).length, 0);
      assertThrows(() => ops.blockMeans(cells, 4, 4, 2), RangeError, "of 12");
      assertThrows(() => ops.blockMeans(cells, 4, 3, 3), RangeError, "power of two");
    });
  });
}

function agree(
  mean: number,
  cell: (x: number, y: number) => number,
  left: number,
  right: number,
  top: number,
  bottom: number,
): void {
  let sum = 0, count = 0, largest = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const value = cell(x, y);
      if (!Number.isFinite(value)) continue;
      sum += value;
      count++;
      largest = Math.max(largest, Math.abs(value));
    }
  }
  if (count === 0) return assert(Number.isNaN(mean), `${mean} of no finite value`);
  const where = `block at ${left}, ${top}: ${mean}, want ${sum / count}`;
  assert(Math.abs(mean - sum / count) <= 1e-6 * largest, where);
}
