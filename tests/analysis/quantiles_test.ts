import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Measurer } from "../../src/analysis/measure.ts";
import {
  exactOrder,
  KeyOrder,
  median,
  medianDeviation,
  medianDeviationNear,
  orderStatistics,
  quantile,
  sortedOrder,
} from "../../src/analysis/quantiles.ts";
import {
  anyValues,
  brute,
  counter,
  normals,
  sortedMad,
  sortedQuantile,
  truncateToBf16,
} from "./oracle.ts";

function keyOrder(values: Float32Array, exact: boolean): KeyOrder {
  const measurer = new Measurer(counter);
  measurer.add(values);
  return new KeyOrder(measurer.result(), exact);
}
const some = anyValues.filter((values) => brute(values).count > 0);

Deno.test("orderStatistics equals sorting, at every rank", () => {
  fc.assert(fc.property(some, (values) => {
    const sorted = brute(values).finite.map((x) => x + 0).sort((a, b) => a - b);
    assertEquals([...orderStatistics(values, sorted.map((_, rank) => rank))], sorted);
  }));
});

Deno.test("orderStatistics finds few ranks among many values", () => {
  const values = normals(200_000);
  const sorted = values.toSorted();
  const ranks = [0, 1, 77_777, 99_999, 100_000, 199_999];
  assertEquals([...orderStatistics(values, ranks)], ranks.map((rank) => sorted[rank]!));
});

Deno.test("orderStatistics by counts that are known equals that by its own", () => {
  fc.assert(fc.property(some, (values) => {
    const measurer = new Measurer(counter), ranks = brute(values).finite.map((_, rank) => rank);
    measurer.add(values);
    assertEquals(
      orderStatistics(values, ranks, measurer.result().keys),
      orderStatistics(values, ranks),
    );
  }));
});

Deno.test("medianDeviationNear is the middle deviation, wherever it is looked for", () => {
  const place = fc.double({ min: 0, max: 3, noNaN: true });
  fc.assert(fc.property(some, place, place, (values, share, reach) => {
    const { finite, count, min } = brute(values);
    for (const center of [0, min, finite[0]!]) {
      const sorted = finite.map((x) => Math.fround(Math.abs(x - center))).sort((a, b) => a - b);
      const expected = median({ count, at: (rank) => sorted[rank]! });
      const about = share * expected;
      const found = [
        medianDeviationNear(values, count, center),
        medianDeviationNear(values, count, center, about, reach * expected),
        medianDeviationNear(values, count, center, about, 0),
      ];
      // Two middle deviations beyond float32 have no mean that is one.
      if (Number.isFinite(expected)) assertEquals(found, [expected, expected, expected]);
    }
  }));
  assertEquals(medianDeviationNear(Float32Array.of(NaN), 0, 0), NaN);
});

Deno.test("exactOrder gives numpy's quantiles and refuses ranks that were not selected", () => {
  fc.assert(fc.property(some, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
    const { finite, count, min, max } = brute(values);
    const found = quantile(exactOrder(values, count, [q]), q);
    // Where low and high nearly cancel, both ways to interpolate round.
    const tolerance = 1e-12 * Math.max(Math.abs(min), Math.abs(max), 1);
    assertAlmostEquals(found, sortedQuantile(finite, q), tolerance);
  }));
  const order = exactOrder(normals(100), 100, [0.5]);
  assertThrows(() => quantile(order, 0.9), RangeError, "Rank 89 of 100");
});

Deno.test("sortedOrder has the finite values at every rank", () => {
  fc.assert(fc.property(anyValues, (values) => {
    const { finite, count } = brute(values);
    const order = sortedOrder(values, count);
    const sorted = finite.map((x) => x + 0).sort((a, b) => a - b);
    assertEquals(sorted.map((_, rank) => order.at(rank)), sorted);
  }));
});

Deno.test("medianDeviation is the middle of the sorted deviations, wherever their center is", () => {
  fc.assert(fc.property(some, fc.constantFrom(0, 0.1, 0.5, 0.77, 1), (values, q) => {
    const { finite, count, max } = brute(values);
    const order = sortedOrder(values, count);
    for (const center of [quantile(order, q), max + 1]) {
      const deviations = finite.map((x) => Math.abs(x - center)).sort((a, b) => a - b);
      const expected = median({ count, at: (rank) => deviations[rank]! });
      assertEquals(medianDeviation(order, center), expected);
    }
  }));
  assertEquals(medianDeviation(sortedOrder(Float32Array.of(NaN), 0), 0), NaN);
});

Deno.test("median: the middle value, or the mean of the two middle ones; NaN of none", () => {
  const of = (...values: number[]) =>
    median(exactOrder(Float32Array.from(values), values.length, [0.5]));
  assertEquals(of(3, 1, 2), 2);
  assertEquals(of(4, 1, 2, 3), 2.5);
  assertEquals(of(-1), -1);
  assertEquals(of(), NaN);
  assertEquals(median(keyOrder(Float32Array.of(NaN), false)), NaN);
});

Deno.test("KeyOrder of bfloat16 values is exact: ranks, median, MAD", () => {
  fc.assert(fc.property(some, (any) => {
    const values = truncateToBf16(any);
    const { finite } = brute(values);
    const sorted = finite.map((x) => x + 0).sort((a, b) => a - b);
    const order = keyOrder(values, true);
    assertEquals(sorted.map((_, rank) => order.at(rank) + 0), sorted);
    const mad = sortedMad(finite);
    assertAlmostEquals(order.medianDeviation(median(order)), mad, 1e-12 * Math.max(1, mad));
  }));
});

Deno.test("KeyOrder of float32 values is off by less than a bin: 2⁻⁷ of the value", () => {
  fc.assert(fc.property(some, (values) => {
    const sorted = brute(values).finite.sort((a, b) => a - b);
    const order = keyOrder(values, false);
    sorted.forEach((x, rank) => {
      const error = Math.abs(order.at(rank) - x);
      assert(error <= Math.abs(x) * 2 ** -7 + 2 ** -133, `rank ${rank}: off by ${error} of ${x}`);
    });
  }));
});

Deno.test("KeyOrder of a normal sample: median and MAD within a thousandth of σ", () => {
  for (const shift of [0, 0.3, -5]) {
    const values = normals(100_000, 3).map((x) => x + shift);
    const order = keyOrder(values, false);
    const middle = median(order);
    assertAlmostEquals(middle, sortedQuantile([...values], 0.5), 1e-3);
    assertAlmostEquals(order.medianDeviation(middle), sortedMad([...values]), 1e-3);
  }
});

Deno.test("KeyOrder: a majority of equal values has MAD 0, be they 0, −0 or all the values", () => {
  const cases = [[0, 0, -0, -0, -0, 3, -7, 1], [1.1, 1.1, 1.1], [-2.7], [-0, -0, 0, 5, -5]];
  for (const values of cases) {
    const order = keyOrder(Float32Array.from(values), false);
    assertEquals(order.medianDeviation(median(order)), 0, String(values));
  }
});

Deno.test("KeyOrder reaches to the ends of float32", () => {
  const largest = 2 ** 128 - 2 ** 104;
  const order = keyOrder(Float32Array.of(-largest, largest, 2 ** -149, NaN, Infinity), false);
  assertEquals([order.at(0), order.at(1), order.at(2)], [-largest, 0, largest]);
  assertAlmostEquals(order.medianDeviation(0) / largest, 1, 2 ** -7);
});
