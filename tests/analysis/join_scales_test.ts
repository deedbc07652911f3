import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { joinScales } from "../../src/analysis/join_scales.ts";
import { momentsOf } from "../../src/analysis/measure.ts";
import { scaleOf } from "../../src/analysis/scale.ts";

const scale = (values: Float32Array) =>
  scaleOf({ moments: momentsOf(values), keys: new Float64Array(0) }, values);
const spread = (count: number, value: (i: number) => number) =>
  Float32Array.from({ length: count }, (_, i) => value(i));

Deno.test("the scale of parts together is that of all their values", () => {
  const parts = [
    spread(3000, (i) => Math.sin(i)),
    spread(1000, (i) => 5 + Math.cos(3 * i)),
    spread(2000, (i) => 0.1 * Math.sin(7 * i)),
  ];
  const whole = scale(Float32Array.from(parts.flatMap((part) => [...part])));
  const joined = joinScales(parts.map(scale));
  assertEquals([joined.count, joined.min, joined.max], [whole.count, whole.min, whole.max]);
  assertAlmostEquals(joined.mean, whole.mean, 1e-6);
  assertAlmostEquals(joined.variance, whole.variance, 1e-5);
  assertAlmostEquals(joined.median, whole.median, 0.02);
  assertAlmostEquals(joined.mad, whole.mad, 0.02);
});

Deno.test("values most of which are one have no median deviation, so that the standard one counts", () => {
  for (const most of [0, -2.5, 3]) {
    const parts = [spread(4000, () => most), spread(1000, (i) => most + Math.sin(i))];
    const { mad, median, variance, robust } = joinScales(parts.map(scale));
    assertEquals([mad, median], [0, most]);
    assertEquals(robust, Math.sqrt(variance));
    assert(variance > 0.09 && variance < 0.11);
  }
  const { mad, robust } = joinScales([scale(spread(10, () => 0))]);
  assertEquals([mad, robust], [0, 1]);
});
