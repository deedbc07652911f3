import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Measure,
  measureOfBlocks,
  Measurer,
  mergeMeasures,
  mergeMoments,
  type Moments,
  momentsOf,
  noMoments,
} from "../../src/analysis/measure.ts";
import type { BlockStats } from "../../src/compute/ops.ts";
import { anyValues, brute, counter, normals, truncateToBf16 } from "./oracle.ts";

const close = (a: number, b: number, relative = 1e-12) =>
  assert(Object.is(a, b) || Math.abs(a - b) <= relative * Math.max(1, Math.abs(a)), `${a} ≠ ${b}`);

function assertMoments(found: Moments, expected: Omit<ReturnType<typeof brute>, "finite">): void {
  const counts = [
    "count",
    "positive",
    "zero",
    "nan",
    "positiveInfinity",
    "negativeInfinity",
  ] as const;
  for (const name of counts) assertEquals(found[name], expected[name], name);
  if (expected.count === 0) {
    assertEquals([found.mean, found.min, found.max, found.m2], [NaN, NaN, NaN, 0]);
    return;
  }
  assertEquals([found.min + 0, found.max + 0], [expected.min + 0, expected.max + 0]);
  const size = Math.sqrt(expected.squares / expected.count);
  assertAlmostEquals(found.mean, expected.mean, 1e-12 * size);
  for (const name of ["m2", "l1", "squares"] as const) close(found[name], expected[name]);
}

const measured = (...chunks: Float32Array[]): Measure => {
  const measurer = new Measurer(counter);
  for (const chunk of chunks) measurer.add(chunk);
  return measurer.result();
};

Deno.test("momentsOf equals float64 brute force, whatever the values", () => {
  fc.assert(fc.property(anyValues, (values) => assertMoments(momentsOf(values), brute(values))));
});

Deno.test("momentsOf crosses its blocks at any length", () => {
  for (const length of [1, 4095, 4096, 4097, 8193]) {
    const values = normals(length, length);
    values[0] = NaN;
    values[length - 1] = -Infinity;
    assertMoments(momentsOf(values), brute(values));
  }
});

Deno.test("momentsOf keeps the variance of values far from zero", () => {
  const values = Float64Array.from(normals(20_000), (x) => 1e6 + x);
  close(momentsOf(values).m2, brute(values).m2, 1e-9);
});

Deno.test("mergeMoments is associative, commutative and has an identity", () => {
  fc.assert(fc.property(anyValues, anyValues, anyValues, (a, b, c) => {
    const [x, y, z] = [momentsOf(a), momentsOf(b), momentsOf(c)];
    const expected = brute([...a, ...b, ...c]);
    assertMoments(mergeMoments(mergeMoments(x, y), z), expected);
    assertMoments(mergeMoments(x, mergeMoments(y, z)), expected);
    assertMoments(mergeMoments(z, mergeMoments(y, x)), expected);
    assertEquals(mergeMoments(noMoments, x), x);
    assertEquals(mergeMoments(x, noMoments), x);
  }));
});

Deno.test("Measurer: chunks, their order and a merge of parts make no difference to the counts", () => {
  fc.assert(
    fc.property(anyValues, anyValues, (a, b) => {
      const whole = measured(Float32Array.from([...a, ...b]));
      for (const parts of [measured(b, a), mergeMeasures(measured(a), measured(b))]) {
        assertEquals(parts.keys, whole.keys);
        assertMoments(parts.moments, brute([...a, ...b]));
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("Measurer: a result stands still while more is added, and survives a structured clone", () => {
  const measurer = new Measurer(counter);
  measurer.add(Float32Array.of(1, 2));
  const first = measurer.result();
  measurer.add(Float32Array.of(3));
  assertEquals(first.moments.count, 2);
  assertEquals([...first.keys].reduce((a, b) => a + b), 2);
  assertEquals([...measurer.result().keys].reduce((a, b) => a + b), 3);
  assertEquals(structuredClone(first), first);
});

Deno.test("measureOfBlocks equals the measure of the values, but for Σ|x| to 2⁻⁸", () => {
  const values = normals(1000, 7);
  values.set([NaN, Infinity, Infinity, -Infinity, 0, -0], 100);
  values.fill(NaN, 200, 300);
  const [exact, rounded] = [values, truncateToBf16(values)].map((each) => {
    const expected = measured(each);
    const bins = new Uint32Array(1 << 16);
    counter.countKeys(each, bins);
    const found = measureOfBlocks(blocksOf(each, 100), bins, each !== values);
    assertEquals(Float64Array.from(found.keys), expected.keys);
    const { l1, m2, squares, mean, ...others } = found.moments;
    const { l1: l1Expected, m2: _, squares: __, mean: ___, ...othersExpected } = expected.moments;
    assertEquals(others, othersExpected);
    close(m2, expected.moments.m2, 1e-6);
    close(squares, expected.moments.squares, 1e-6);
    close(mean, expected.moments.mean, 1e-7);
    return Math.abs(l1 - l1Expected) / l1Expected;
  });
  assert(exact! < 2 ** -8, `l1 off by ${exact}`);
  assert(rounded! < 1e-12, `l1 of bfloat16 off by ${rounded}`);
});

Deno.test("measureOfBlocks of nothing finite has no mean but all counts", () => {
  const values = Float32Array.of(NaN, Infinity, -Infinity, -Infinity);
  const bins = new Uint32Array(1 << 16);
  counter.countKeys(values, bins);
  const { moments, keys } = measureOfBlocks(blocksOf(values, 2), bins, false);
  assertEquals({ moments, keys: Float64Array.from(keys) }, measured(values));
});

/** Blocks of `size` values in a row. */
function blocksOf(values: Float32Array, size: number): BlockStats {
  const width = Math.ceil(values.length / size);
  const blocks = Array.from(
    { length: width },
    (_, i) => momentsOf(values.subarray(i * size, (i + 1) * size)),
  );
  const floats = (of: (m: Moments) => number) => Float32Array.from(blocks, of);
  const counts = (of: (m: Moments) => number) => Uint32Array.from(blocks, of);
  return {
    width,
    height: 1,
    count: counts((m) => m.count),
    mean: floats((m) => m.mean),
    m2: floats((m) => m.m2),
    min: floats((m) => m.min),
    max: floats((m) => m.max),
    gradient: new Float32Array(width),
    positive: counts((m) => m.positive),
    zero: counts((m) => m.zero),
    nan: counts((m) => m.nan),
    infinite: counts((m) => m.positiveInfinity + m.negativeInfinity),
  };
}
