import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Scale } from "../../src/analysis/scale.ts";
import { reference } from "../../src/compute/reference.ts";
import { normalization, quantile, stops } from "../../src/modes/normalize.ts";
import { parseOptions } from "../../src/modes/options.ts";
import { weights } from "../../src/modes/weights.ts";

const scale: Scale = {
  count: 1025,
  min: -2,
  max: 6,
  mean: 1,
  variance: 4,
  median: 0.5,
  mad: 1,
  robust: 1.4826,
  l1: 0,
  positive: 600,
  zero: 0,
  nan: 0,
  positiveInfinity: 0,
  negativeInfinity: 0,
  quantiles: Float32Array.from({ length: 1025 }, (_, i) => -2 + 8 * i / 1024),
};

/** Palette entry of x, with the clamping that the renderer does. */
function entry(query: string, x: number, diverging = true): number {
  const options = parseOptions(weights, new URLSearchParams(query));
  const { shade, clamp } = normalization(options, scale, diverging);
  const value = clamp ? Math.max(clamp[0], Math.min(clamp[1], x)) : x;
  return reference.frame(() => reference.shade(Float32Array.of(value), shade)[0]!);
}

Deno.test("zero has the middle of a diverging ramp, whatever the normalisation centred on zero", () => {
  for (
    const query of [
      "",
      "alpha=5",
      "normalize=minmax",
      "normalize=log",
      "normalize=none",
      "range=-1,4",
      "clip=0.1",
    ]
  ) {
    assertEquals(entry(query, 0), 125, query);
    assert(entry(query, -0.5) < 125 && entry(query, 0.5) > 125, query);
  }
});

Deno.test("each normalisation puts known values where its formula says", () => {
  assertEquals(entry("", 1.4826), Math.round(125 + 125 * Math.tanh(1)));
  assertEquals(entry("alpha=2", 1.4826), Math.round(125 + 125 * Math.tanh(2)));
  assertEquals(entry("normalize=minmax", 6), 250);
  assertEquals(entry("normalize=minmax", -2), Math.round(125 - 125 / 3));
  assertEquals([entry("normalize=minmax", -2, false), entry("normalize=minmax", 6, false)], [
    0,
    250,
  ]);
  assertEquals([entry("normalize=zscore", 1), entry("normalize=zscore", 7)], [125, 250]);
  assertEquals(entry("normalize=robust", 0.5), 125);
  assertEquals(entry("normalize=robust", 0.5 + 3 * 1.4826), 250);
  assertEquals(entry("normalize=log", 6), 250);
  assertEquals([entry("normalize=none", 1), entry("normalize=none", 0, false)], [250, 0]);
  assertEquals([
    entry("range=2,4", 2, false),
    entry("range=2,4", 3, false),
    entry("range=2,4", 9, false),
  ], [0, 125, 250]);
});

Deno.test("clipping clamps to the quantiles first", () => {
  assertAlmostEquals(quantile(scale, 0.25), 0, 1e-6);
  assertEquals(entry("clip=0.25&normalize=minmax", -2, false), 0);
  assertEquals(entry("clip=0.25&normalize=minmax", 0, false), 0);
  assertEquals(entry("clip=0.25&normalize=minmax", 4, false), 250);
  assertEquals(entry("clip=0.25", 100), entry("clip=0.25", 4));
});

Deno.test("where no value is finite nothing is clipped, and no legend says so", () => {
  const options = parseOptions(weights, new URLSearchParams("clip=0.1&normalize=zscore"));
  const quantiles = new Float32Array(1025).fill(NaN);
  const none = { ...scale, count: 0, quantiles, mean: NaN, variance: NaN };
  const { clamp, about } = normalization(options, none, true);
  assertEquals([clamp, about.includes("clipped")], [null, false]);
});

Deno.test("a legend's stops are where the shade puts their values", () => {
  for (const query of ["", "normalize=minmax", "normalize=log", "normalize=zscore", "range=-3,5"]) {
    const options = parseOptions(weights, new URLSearchParams(query));
    const normal = normalization(options, scale, true);
    const list = stops(normal);
    assert(list.length > 10, query);
    for (const { at, value } of list) {
      const got = reference.frame(() => reference.shade(Float32Array.of(value), normal.shade)[0]!);
      assert(
        Math.abs(got - 250 * at) <= 1.5,
        `${query}: ${value} is entry ${got}, not ${250 * at}`,
      );
    }
    const values = list.map(({ value }) => value);
    assertEquals(values, values.toSorted((a, b) => a - b));
  }
});

Deno.test("zero keeps the middle however small the layer's scale is", () => {
  const tiny = { ...scale, robust: 1e-42, min: -1e-42, max: 3e-42 };
  for (const normalize of ["tanh", "minmax", "log"]) {
    const options = parseOptions(weights, new URLSearchParams({ normalize }));
    const { shade } = normalization(options, tiny, true);
    const entry = reference.frame(() => reference.shade(Float32Array.of(0), shade)[0]!);
    assertEquals(entry, 125, normalize);
  }
});

Deno.test("layers without extent or without a finite value still normalise to something finite", () => {
  const flat = { ...scale, min: 3, max: 3, variance: 0, mad: 0, robust: 1 };
  const empty = {
    ...scale,
    count: 0,
    min: NaN,
    max: NaN,
    mean: NaN,
    variance: NaN,
    median: NaN,
    mad: NaN,
    robust: NaN,
    quantiles: new Float32Array(1025).fill(NaN),
  };
  for (const  of of[flat, empty]) {
    for (const normalize of ["tanh", "minmax", "zscore", "robust", "log", "none"]) {
      const options = parseOptions(weights, new URLSearchParams({ normalize }));
      const { shade } = normalization(options, of, false);
      assert([shade.center, shade.scale, shade.gain].every(Number.isFinite), normalize);
    }
  }
});
