import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Measurer } from "../../src/analysis/measure.ts";
import { scaleOf } from "../../src/analysis/scale.ts";
import { brute, counter, normals, sortedMad, sortedQuantile, truncateToBf16 } from "./oracle.ts";

function measure(values: Float32Array) {
  const measurer = new Measurer(counter);
  measurer.add(values);
  return measurer.result();
}

Deno.test("scaleOf with its values is exact", () => {
  const values = normals(5001, 11).map((x) => 0.02 * x + 0.003);
  values.set([NaN, Infinity, -Infinity, 0], 17);
  const { finite, m2, ...expected } = brute(values);
  const scale = scaleOf(measure(values), values);
  for (const name of ["count", "min", "max", "positive", "zero", "nan"] as const) {
    assertEquals(scale[name], expected[name], name);
  }
  assertEquals([scale.positiveInfinity, scale.negativeInfinity], [1, 1]);
  assertAlmostEquals(scale.mean, expected.mean, 1e-15);
  assertAlmostEquals(scale.variance, m2 / finite.length, 1e-15);
  assertAlmostEquals(scale.l1, expected.l1, 1e-9);
  assertEquals(scale.median, sortedQuantile(finite, 0.5));
  assertAlmostEquals(scale.mad, sortedMad(finite), 1e-9);
  assertAlmostEquals(scale.robust, 1.4826 * sortedMad(finite), 1e-9);
  assertEquals(scale.quantiles.length, 1025);
  for (const i of [0, 1, 100, 512, 1023, 1024]) {
    assertEquals(scale.quantiles[i], Math.fround(sortedQuantile(finite, i / 1024)), `${i}/1024`);
  }
});

Deno.test("scaleOf without its values agrees to the width of a key, and exactly for bfloat16", () => {
  const values = normals(20_000, 5);
  const [near, exact] = [scaleOf(measure(values)), scaleOf(measure(values), values)];
  assertAlmostEquals(near.robust, exact.robust, 1e-3);
  near.quantiles.forEach((q, i) =>
    assert(Math.abs(q - exact.quantiles[i]!) <= 2 ** -7 * Math.abs(q) + 1e-6, `${i}/1024: ${q}`)
  );
  const rounded = truncateToBf16(values);
  const keys = scaleOf(measure(rounded), undefined, "BF16");
  const truth = scaleOf(measure(rounded), rounded);
  assertEquals({ ...keys, mad: 0, robust: 0 }, { ...truth, mad: 0, robust: 0 });
  assertAlmostEquals(keys.mad, truth.mad, 1e-7);
});

Deno.test("scaleOf of few values, which it sorts, agrees with that of one more, which it deals out", () => {
  const values = truncateToBf16(normals(2 ** 14 + 1, 9));
  values.set([NaN, Infinity, -Infinity, -0, 0], 100);
  const few = values.subarray(0, -1);
  for (const dtype of ["F32", "BF16"] as const) {
    const sorted = scaleOf(measure(few), few, dtype);
    const dealt = scaleOf(measure(values), values, dtype);
    assertEquals(dealt.count, sorted.count + 1);
    for (const name of ["median", "mad", "robust"] as const) {
      assertAlmostEquals(sorted[name], dealt[name], 1e-3, name);
    }
    for (const i of [8, 100, 512, 1000]) {
      assertAlmostEquals(sorted.quantiles[i]!, dealt.quantiles[i]!, 0.02, `${i}/1024`);
    }
  }
});

Deno.test("scaleOf: the robust scale falls back to σ, then to 1", () => {
  const mostlyZero = Float32Array.of(0, 0, 0, 0, 2);
  for (const values of [undefined, mostlyZero]) {
    const { mad, robust } = scaleOf(measure(mostlyZero), values);
    assertEquals(mad, 0);
    assertAlmostEquals(robust, 0.8, 1e-12);
    const constant = Float32Array.of(7, 7);
    assertEquals(scaleOf(measure(constant), values && constant).robust, 1);
  }
});

Deno.test("scaleOf of no finite value: NaN, counts, and a robust scale that divides", () => {
  const values = Float32Array.of(NaN, Infinity);
  for (const given of [undefined, values]) {
    const scale = scaleOf(measure(values), given);
    const { count, min, mean, variance, median, mad, robust, nan, positiveInfinity } = scale;
    assertEquals([count, nan, positiveInfinity, robust], [0, 1, 1, 1]);
    assertEquals([min, mean, variance, median, mad], [NaN, NaN, NaN, NaN, NaN]);
    assertEquals(scale.quantiles, new Float32Array(1025).fill(NaN));
  }
});

Deno.test("scaleOf of values whose deviations exceed float32 stays finite", () => {
  const largest = 2 ** 128 - 2 ** 104;
  const values = Float32Array.of(-largest, -largest, largest, largest, largest);
  assertEquals(scaleOf(measure(values), values).mad, 0);
  const spread = Float32Array.of(-largest, largest);
  assertEquals(scaleOf(measure(spread), spread).mad, largest);
});
