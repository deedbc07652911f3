import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Histogram } from "../../src/analysis/histogram.ts";
import { normals } from "./oracle.ts";

/** Counts by comparing with every edge, as `numpy.linspace` makes them. */
function brute(values: readonly number[], min: number, max: number, bins: number): number[] {
  const step = (max - min) / bins;
  const edge = (i: number) => i === bins ? max : i * step + min;
  const counts = new Array<number>(bins).fill(0);
  for (const x of values) {
    for (let bin = 0; bin < bins; bin++) {
      if (x >= edge(bin) && (x < edge(bin + 1) || bin === bins - 1 && x === max)) counts[bin]!++;
    }
  }
  return counts;
}

function counted(values: Float32Array | Float64Array, bins: number): number[] {
  const finite = [...values].filter(Number.isFinite);
  const histogram = new Histogram(Math.min(...finite), Math.max(...finite), bins);
  histogram.add(values);
  return histogram.counts;
}

Deno.test("Histogram puts every value between the right edges", () => {
  const value = fc.oneof(
    fc.double({ min: -3, max: 5, noNaN: true }),
    fc.integer({ min: 0, max: 9 }),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 2 }), fc.constantFrom(3, 10, 256), (xs, bins) => {
      const [min, max] = [Math.min(...xs), Math.max(...xs)];
      fc.pre(min < max);
      assertEquals(counted(Float64Array.from(xs), bins), brute(xs, min, max, bins));
    }),
  );
});

Deno.test("Histogram: values on edges belong to the bin they open, the last edge closes", () => {
  assertEquals(counted(Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8), 4), [2, 2, 2, 3]);
  // 0.1·k is rarely k steps of 0.1: the edges as computed decide, as in numpy.
  const tenths = Float64Array.from({ length: 11 }, (_, i) => i / 10);
  assertEquals(counted(tenths, 10), brute([...tenths], 0, 1, 10));
});

Deno.test("Histogram of chunks is that of the whole", () => {
  const values = normals(1000);
  const histogram = new Histogram(-2, 2, 16);
  for (let i = 0; i < 1000; i += 300) histogram.add(values.subarray(i, i + 300));
  assertEquals(histogram.counts, brute([...values], -2, 2, 16));
});

Deno.test("Histogram leaves out NaN and ±∞, and has one value in the middle", () => {
  assertEquals(counted(Float32Array.of(NaN, 1, Infinity, 2, -Infinity), 2), [1, 1]);
  const constant = counted(Float32Array.of(7, 7, 7), 256);
  assertEquals(constant.indexOf(3), 128);
});

Deno.test("Histogram spans ranges wider than float64", () => {
  const largest = Number.MAX_VALUE;
  assertEquals(counted(Float64Array.of(-largest, -1, 1, largest), 4), [1, 1, 1, 1]);
  assertEquals(counted(Float64Array.of(-largest, -largest / 4, 0, largest), 4), [1, 1, 1, 1]);
});
