import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { joinScales } from "../../src/analysis/join_scales.ts";
import { KEY_BINS, Measurer } from "../../src/analysis/measure.ts";
import { scaleOf } from "../../src/analysis/scale.ts";
import { histogramOf, packKeys, sketchOf, unpackKeys } from "../../src/analysis/sketch.ts";
import { wasm } from "../../src/compute/wasm.ts";

const normal = (seed: number) => {
  const random = (i: number) => {
    const noise = Math.sin((i + seed) * 12.9898) * 43758.5453;
    return Math.max(1e-9, noise - Math.floor(noise));
  };
  return (i: number) =>
    Math.sqrt(-2 * Math.log(random(2 * i))) * Math.cos(2 * Math.PI * random(2 * i + 1));
};

const binsOf = (values: Float32Array) => {
  const bins = new Uint32Array(KEY_BINS);
  wasm.countKeys(values, bins);
  return bins;
};

Deno.test("packed key counts are those that were packed, whatever they are", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.nat(KEY_BINS - 1), fc.integer({ min: 1, max: 2 ** 32 - 1 }))),
    (pairs) => {
      const bins = new Uint32Array(KEY_BINS);
      for (const [bin, count] of pairs) bins[bin] = count;
      assertEquals(unpackKeys(packKeys(bins)), bins);
    },
  ));
});

Deno.test("a histogram of key counts is that of the values, within their rounding", () => {
  const values = Float32Array.from({ length: 100_000 }, (_, i) => normal(1)(i));
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const shares = histogramOf(binsOf(values), { min, max }, 64, false);
  assertAlmostEquals(shares.reduce((sum, share) => sum + share, 0), 1, 1e-9);
  const width = (max - min) / 64;
  const want = new Array<number>(64).fill(0);
  for (const x of values) {
    want[Math.min(63, Math.floor((x - min) / width))]! += 1 / values.length;
  }
  for (const [i, share] of shares.entries()) {
    assert(Math.abs(share - want[i]!) < 2e-3, `bin ${i}: ${share}, want ${want[i]}`);
  }
});

Deno.test("quantiles of every eighth value lie within the rank error that a sketch states", () => {
  const all = Float32Array.from({ length: 200_000 }, (_, i) => normal(2)(i)).sort();
  const some = Float32Array.from({ length: 200_000 }, (_, i) => normal(2)(i))
    .filter((_, i) => i % 8 === 3);
  const { rankError, valueError, counted } = sketchOf(binsOf(some), false, false);
  assertEquals(counted, some.length);
  assert(rankError > 0.005 && rankError < 0.02, `${rankError}`);
  const measurer = new Measurer(wasm);
  measurer.add(some);
  const { quantiles } = scaleOf(measurer.result());
  for (const q of [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]) {
    const value = quantiles[Math.round(q * 1024)]!;
    const slack = Math.abs(value) * valueError;
    const rank = (x: number) => all.findIndex((other) => other > x) / all.length;
    const share = Math.round(q * 1024) / 1024;
    assert(rank(value - slack) - rankError <= share, `quantile ${q} is too high`);
    assert(rank(value + slack) + rankError >= share, `quantile ${q} is too low`);
  }
});

Deno.test("scales joined are the scale of all values: moments exactly, ranks to 1/128", () => {
  const sets = [[30_000, 1, 0], [10_000, 5, 2], [500, 0.1, -7]].map(([count, spread, shift], i) =>
    Float32Array.from({ length: count! }, (_, k) => normal(i)(k) * spread! + shift!)
  );
  const scaleFrom = (values: Float32Array) => {
    const measurer = new Measurer(wasm);
    measurer.add(values);
    return scaleOf(measurer.result(), values);
  };
  const joined = joinScales(sets.map(scaleFrom));
  const all = Float32Array.from(sets.flatMap((set) => [...set]));
  const want = scaleFrom(all);
  assertEquals([joined.count, joined.min, joined.max], [want.count, want.min, want.max]);
  assertAlmostEquals(joined.mean, want.mean, 1e-9);
  assertAlmostEquals(joined.variance, want.variance, 1e-6);
  const sorted = all.toSorted();
  for (const q of [0.01, 0.25, 0.5, 0.75, 0.99]) {
    const rank = sorted.findIndex((x) => x >= joined.quantiles[Math.round(q * 1024)]!) / all.length;
    assert(Math.abs(rank - q) <= 1 / 128 + 1e-3, `quantile ${q} has rank ${rank}`);
  }
  assertAlmostEquals(joined.mad / want.mad, 1, 0.03);
  assertEquals(joinScales([]).count, 0);
});
