import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Ops } from "../../../src/compute/ops.ts";
import { normal, withEdges } from "../samples.ts";

const EPSILON = 2 ** -23;

/** normal: within the bounds of float32 sums of what float64 gives, at every place of ragged sizes. */
export function conformNormal(ops: Ops): void {
  const sizes = [[1, 1], [1, 9], [3, 5], [4, 4], [5, 17], [8, 64], [9, 63], [7, 1], [0, 4], [
    66,
    130,
  ]];
  for (const [rows, columns] of sizes as [number, number][]) {
    Deno.test(`${ops.name} normal() of ${rows} × ${columns}`, () => {
      const band = normal(rows * columns, 1), x = normal(columns, 2), before = normal(columns, 3);
      const [product, sum] = run(ops, band, x, rows, before);
      const sums = Float64Array.from(before), sizes = new Float64Array(columns);
      for (let row = 0; row < rows; row++) {
        let total = 0, size = 0;
        for (let i = 0; i < columns; i++) {
          total += band[row * columns + i]! * x[i]!;
          size += Math.abs(band[row * columns + i]! * x[i]!);
        }
        assertAlmostEquals(product[row], total, EPSILON * columns * size, `product ${row}`);
        for (let i = 0; i < columns; i++) {
          sums[i]! += total * band[row * columns + i]!;
          sizes[i]! += size * Math.abs(band[row * columns + i]!);
        }
      }
      for (let i = 0; i < columns; i++) {
        const bound = EPSILON * (columns + rows) * (sizes[i]! + Math.abs(before[i]!));
        assertAlmostEquals(sum[i], sums[i], bound, `sum ${i}`);
      }
    });

    Deno.test(`${ops.name} normal() of ${rows} × ${columns} with NaN and ±∞ spreads them`, () => {
      const band = withEdges(rows * columns, 4), x = new Float32Array(columns).fill(1);
      const [product, sum] = run(ops, band, x, rows, new Float32Array(columns));
      for (let row = 0; row < rows; row++) {
        const cells = band.subarray(row * columns, (row + 1) * columns);
        if (cells.every(Number.isFinite)) continue;
        assert(!Number.isFinite(product[row]), `${product[row]} of ${cells}`);
        assert(
          sum.every((value, i) => cells[i] === 0 ? Number.isNaN(value) : !Number.isFinite(value)),
        );
      }
    });
  }

  Deno.test(`${ops.name} normal() of several vectors is as of each by itself`, () => {
    for (const [rows, columns] of [...sizes, [513, 40]] as [number, number][]) {
      const band = normal(rows * columns, 1);
      for (const vectors of [1, 2, 3, 5, 8]) {
        const x = normal(vectors * columns, 2), before = normal(vectors * columns, 3);
        const [product, sum] = run(ops, band, x, vectors * rows, before, vectors);
        for (let i = 0; i < vectors; i++) {
          const part = (values: Float32Array, length: number) =>
            values.subarray(i * length, (i + 1) * length);
          const own = run(ops, band, part(x, columns), rows, part(before, columns));
          const what = `${i} of ${vectors}, ${rows} × ${columns}`;
          const pairs = [[part(product, rows), own[0]], [part(sum, columns), own[1]]] as const;
          for (const [found, expected] of pairs) {
            for (const [at, value] of expected.entries()) {
              const size = Math.abs(value) + Math.sqrt(columns);
              assertAlmostEquals(found[at], value, EPSILON * (columns + rows) * size, what);
            }
          }
        }
      }
    }
  });

  Deno.test(`${ops.name} normal() works on what is near as on what is not`, () => {
    const band = normal(6 * 10, 1), x = normal(10, 2);
    const far = run(ops, band, x, 6, new Float32Array(10));
    ops.frame(() => {
      const near = (values: Float32Array) => {
        const bytes = ops.scratch(values.byteLength);
        const copy = new Float32Array(bytes.buffer, bytes.byteOffset, values.length);
        copy.set(values);
        return copy;
      };
      const product = near(new Float32Array(6)), sum = near(new Float32Array(10));
      ops.normal(near(band), near(x), product, sum);
      assertEquals([[...product], [...sum]], far.map((values) => [...values]));
    });
    const kept = ops.keep(64);
    assertEquals(kept.length, 64);
    ops.release(kept);
  });

  Deno.test(`${ops.name} magnitude() of all places, lengths, NaN and ±∞`, () => {
    assertEquals(ops.magnitude(new Float32Array()), 0);
    for (const length of [1, 3, 4, 7, 8, 9, 64, 65]) {
      for (let at = 0; at < length; at++) {
        for (const value of [5, -5, 2 ** -149, Infinity, -Infinity, NaN]) {
          const values = new Float32Array(length).fill(value === 2 ** -149 ? 0 : -1);
          values[at] = value;
          assertEquals(ops.magnitude(values), Math.abs(value), `${value} at ${at} of ${length}`);
          values[(at + 1) % length] = NaN;
          assertEquals(ops.magnitude(values), NaN);
        }
      }
    }
  });

  Deno.test(`${ops.name} normal() refuses sizes that do not fit`, () => {
    const refuse = (
      band: number,
      columns: number,
      rows: number,
      sum: number,
      text: string,
      vectors?: number,
    ) =>
      assertThrows(
        () =>
          ops.normal(
            ...[band, columns, rows, sum].map((length) => new Float32Array(length)) as [
              Float32Array,
              Float32Array,
              Float32Array,
              Float32Array,
            ],
            vectors,
          ),
        RangeError,
        text,
      );
    refuse(7, 2, 3, 2, "need 6 cells and a sum of 2, got 7 and 2");
    refuse(6, 2, 3, 3, "got 6 and 3");
    refuse(6, 4, 6, 2, "need 6 cells and a sum of 4 of 2 vectors, got 6 and 2", 2);
    refuse(6, 4, 5, 4, "5 products with 4 numbers are not of 2 vectors", 2);
    refuse(6, 0, 0, 0, "0 products with 0 numbers are not of 0 vectors", 0);
  });
}

/** The product and the sum, guarded by cells that must stay. */
function run(
  ops: Ops,
  band: Float32Array,
  x: Float32Array,
  rows: number,
  before: Float32Array,
  vectors?: number,
): [Float32Array, Float32Array] {
  const guarded = (length: number) => new Float32Array(length + 2).fill(-77);
  const [product, sum] = [guarded(rows), guarded(x.length)];
  sum.set(before, 1);
  ops.frame(() =>
    ops.normal(band, x, product.subarray(1, rows + 1), sum.subarray(1, x.length + 1), vectors)
  );
  assertEquals([product[0], product.at(-1), sum[0], sum.at(-1)], [-77, -77, -77, -77]);
  return [product.subarray(1, rows + 1), sum.subarray(1, x.length + 1)];
}
