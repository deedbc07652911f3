import { assert, assertEquals, assertThrows } from "@std/assert";
import type { BlockLevels, Bordered, Ops, Packed } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { bytesOf } from "../../../src/formats/format.ts";
import { edges, normal } from "../samples.ts";
import { kinds } from "./block_stats.ts";
import { assertFigures, measure } from "./figures.ts";
import { store } from "./packed_stats.ts";

/** Of cells and their border: ragged ones, whole groups of blocks, and those with more beside them. */
const sizes = [[2, 2], [3, 9], [10, 10], [19, 35], [66, 18], [66, 25], [83, 34], [
  147,
  50,
]] as const;

const more: Record<string, (length: number) => Float32Array> = {
  ...kinds,
  "zeros of one sign and ones": (length) =>
    normal(length, 51).map((x) => x < 0 ? -0 : x < 0.2 ? 0 : 1),
  "negative, with a zero": (length) => normal(length, 52).map((x, i) => i % 37 ? -Math.abs(x) : 0),
  "positive, with a negative zero": (length) =>
    normal(length, 53).map((x, i) => i % 41 ? Math.abs(x) : -0),
};

/**
 * blockLevels, packedLevels: statistics as `assertFigures` says; means within 1e-6 of the largest
 * magnitude, as blockMeans.
 */
export function conformBlockLevels(ops: Ops): void {
  for (const [kind, make] of Object.entries(more)) {
    Deno.test(`${ops.name} blockLevels() and packedLevels() of cells that are ${kind}`, () => {
      for (const [width, rows] of sizes) {
        const values = make(width * rows);
        const cells = { values, width: width - 2, height: rows - 2 };
        for (const block of [1, 4, 8, 16]) {
          ops.frame(() => check(ops.blockLevels(cells, block), cells, block));
        }
        for (const dtype of ["BF16", "F32", "F16"] as const) {
          // A pitch of whole vectors, one of odd bytes, and one that is a power of two.
          for (const pitch of [Math.ceil(width / 8) * 32, bytesOf(dtype, width) + 5, 1024]) {
            checkPacked(ops, values, { dtype, bigEndian: false, width, rows, pitch }, 8);
          }
        }
      }
    });
  }

  Deno.test(`${ops.name} packedLevels() of every edge value at every place of a quarter`, () => {
    for (const dtype of ["BF16", "F32"] as const) {
      const packed = { dtype, bigEndian: false, width: 66, rows: 18, pitch: bytesOf(dtype, 66) };
      const values = normal(66 * 18, 54, 0.02);
      for (const edge of edges) {
        for (let place = 0; place < 64; place++) {
          const other = values.slice();
          // Another place of each quarter, borders among them.
          const [x, y] = [place % 8, place >> 3];
          for (let i = x; i < 66; i += 9) other[y * 66 + i] = edge;
          other[(17 - y) * 66 + 65 - x] = edge;
          checkPacked(ops, other, packed, 8);
        }
      }
    }
  });

  Deno.test(`${ops.name} packedLevels() of other dtypes, byte orders and blocks`, () => {
    const values = normal(70 * 21, 55, 0.5).map((x, i) => i % 50 === 0 ? NaN : x);
    for (const dtype of ["BF16", "F32", "F16"] as const) {
      for (const bigEndian of [false, true]) {
        const packed = { dtype, bigEndian, width: 70, rows: 21, pitch: bytesOf(dtype, 70) + 6 };
        for (const block of [1, 2, 8, 32]) checkPacked(ops, values, packed, block);
      }
    }
  });

  Deno.test(`${ops.name} packedLevels() refuses missing borders and bytes, and odd blocks`, () => {
    const packed: Packed = { dtype: "BF16", bigEndian: false, width: 4, rows: 4, pitch: 8 };
    const levels = (other: Partial<Packed>, block = 8) => () =>
      ops.frame(() => ops.packedLevels(new Uint8Array(32), { ...packed, ...other }, block));
    assertThrows(levels({ rows: 1 }), RangeError, "packedLevels: 4 × 1 cells have no border");
    assertThrows(levels({ pitch: 9 }), RangeError, "need 35 bytes; 32");
    assertThrows(levels({}, 6), RangeError, "power of two, got 6");
    const cells = { values: new Float32Array(15), width: 2, height: 2 };
    assertThrows(() => ops.blockLevels(cells, 8), RangeError, "blockLevels: 2 × 2 cells");
    const none = ops.frame(() =>
      ops.packedLevels(new Uint8Array(16), { ...packed, width: 2, rows: 2 }, 8)
    );
    assertEquals([none.stats.count.length, none.means.length], [0, 0]);
  });
}

function checkPacked(ops: Ops, values: Float32Array, packed: Packed, block: number): void {
  const far = store(values, packed);
  const { width, rows } = packed;
  const cells = { values: new Float32Array(width * rows), width: width - 2, height: rows - 2 };
  reference.decode(far, packed, { values: cells.values, start: 0, pitch: width });
  ops.frame(() => check(ops.packedLevels(far, packed, block), cells, block));
  ops.frame(() => {
    const near = ops.scratch(far.length + 2).subarray(2);
    near.set(far);
    check(ops.packedLevels(near, packed, block), cells, block);
  });
}

function check({ stats, means }: BlockLevels, cells: Bordered, block: number): void {
  const { width, height, values } = cells;
  const size = `${width} × ${height}`;
  assertEquals([stats.width, stats.height], [width, height].map((n) => Math.ceil(n / (2 * block))));
  for (let y = 0; y < stats.height; y++) {
    for (let x = 0; x < stats.width; x++) {
      const want = measure(cells, x * 2 * block, y * 2 * block, 2 * block);
      assertFigures(stats, y * stats.width + x, want, `${size}, block ${2 * block} at ${x}, ${y}`);
    }
  }
  const columns = Math.ceil(width / block);
  assertEquals(means.length, columns * Math.ceil(height / block));
  for (const [i, mean] of means.entries()) {
    const x0 = i % columns * block, y0 = Math.floor(i / columns) * block;
    let sum = 0, count = 0, largest = 0;
    for (let y = y0; y < Math.min(y0 + block, height); y++) {
      for (let x = x0; x < Math.min(x0 + block, width); x++) {
        const value = values[(y + 1) * (width + 2) + x + 1]!;
        if (!Number.isFinite(value)) continue;
        sum += value;
        count++;
        largest = Math.max(largest, Math.abs(value));
      }
    }
    // Beside the relative error, a few units of the smallest subnormal.
    const off = Math.abs(mean - sum / count);
    const close = count === 0 ? Number.isNaN(mean) : off <= 1e-6 * largest + 1e-44;
    assert(close, `${size}: mean of block ${block} at ${x0}, ${y0} is ${mean}, not ${sum / count}`);
  }
}
