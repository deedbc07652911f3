import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { numeral as label } from "../../src/modes/chart/numeral.ts";
import { type Stops, ticks } from "../../src/tile/ticks.ts";

const WIDTH = 328;
const linear = (low: number, high: number): Stops => [
  { at: 0, value: low },
  { at: 1, value: high },
];
/** A ramp whose position 0..1 is y = −1..1 of the inverse curve. */
const curve = (inverse: (y: number) => number, from = 0, to = 1): Stops =>
  Array.from({ length: 33 }, (_, i) => from + (to - from) * i / 32)
    .map((at) => ({ at, value: inverse(2 * at - 1) }));
const tanh = (s: number) => curve((y) => s * Math.atanh(0.995 * y));
const values = (stops: Stops) => ticks(stops, WIDTH).map(({ value }) => value);

Deno.test("ticks of linear ramps are round, even and in place", () => {
  assertEquals(values(linear(-1, 1)), [-1, -0.8, -0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8, 1]);
  assertEquals(values(linear(0, 7)), [0, 1, 2, 3, 4, 5, 6, 7]);
  assertEquals(values(linear(-3e-7, 1e-7)), [-3e-7, -2e-7, -1e-7, 0, 1e-7]);
  assertEquals(ticks(linear(-1, 3), WIDTH).find(({ value }) => value === 0)?.at, 0.25);
});

Deno.test("ticks of a tanh ramp are 0 and ±1, 2, 5·10^k, alike on both sides", () => {
  assertEquals(values(tanh(0.02)), [-0.05, -0.01, 0, 0.01, 0.05]);
  const found = ticks(tanh(0.02), 440);
  assertEquals(
    found.map(({ value }) => value),
    [-0.05, -0.02, -0.01, -0.005, 0, 0.005, 0.01, 0.02, 0.05],
  );
  for (const { at, value } of found) {
    assertAlmostEquals(at, (1 + Math.tanh(value / 0.02) / 0.995) / 2, 0.01, `${value}`);
  }
});

Deno.test("ticks of a logarithmic ramp reach over the decades", () => {
  const log = curve((y) => Math.sign(y) * Math.expm1(Math.abs(y) * Math.log1p(1000)));
  const found = values(log);
  assert(found.includes(0) && found.includes(100) && found.includes(-100), String(found));
  assert(found.some((x) => x > 0 && x <= 10), String(found));
});

Deno.test("ticks never touch, lie in order within the ramp and where their values are", () => {
  const size = fc.integer({ min: -30, max: 30 }).map((k) => 10 ** k);
  const share = fc.double({ min: -1, max: 1, noNaN: true });
  const ramp = fc.oneof(
    fc.tuple(size, share, share).map(([s, a, b]) => linear(Math.min(a, b) * s, Math.max(a, b) * s)),
    size.map(tanh),
    fc.tuple(size, fc.double({ min: 0, max: 0.4, noNaN: true })).map(([s, cut]) =>
      curve((y) => s * Math.sinh(5 * y), cut, 0.9)
    ),
  );
  fc.assert(fc.property(ramp, (stops) => {
    const [first, last] = [stops[0]!, stops.at(-1)!];
    const found = ticks(stops, WIDTH);
    assert(found.length >= (first.value < last.value ? 2 : 1), `${found.length} ticks`);
    for (const [i, tick] of found.entries()) {
      assert(tick.at >= 0 && tick.at <= 1, `${tick.at}`);
      assertEquals(tick.label, label(tick.value));
      if (i === 0) continue;
      const before = found[i - 1]!;
      assert(tick.value > before.value || found.length === 2, `${before.value}, ${tick.value}`);
      if (found.length > 2) assert((tick.at - before.at) * WIDTH > 15, `${before.at}, ${tick.at}`);
      const position = first.at + tick.at * (last.at - first.at);
      const next = stops.findIndex(({ at }) => at >= position - 1e-9);
      const [low, high] = [stops[Math.max(0, next - 1)]!, stops[next] ?? last];
      const slack = 1e-9 * (last.value - first.value) + 0.01 * Math.abs(tick.value);
      assert(
        tick.value >= low.value - slack && tick.value <= high.value + slack,
        `${tick.value} outside ${low.value}..${high.value}`,
      );
    }
  }));
});

Deno.test("ticks of flat, empty and infinite ramps", () => {
  assertEquals(ticks(linear(2, 2), WIDTH).map((tick) => tick.label), ["2"]);
  assertEquals(ticks([], WIDTH), []);
  const open = [{ at: 0, value: -Infinity }, { at: 0.25, value: -1 }, { at: 0.75, value: 1 }, {
    at: 1,
    value: Infinity,
  }];
  assertEquals(
    ticks(open, WIDTH).filter(({ value }) => Math.abs(value) === 1).map(({ at }) => at),
    [0.25, 0.75],
  );
});

Deno.test("label: few digits, a true minus, powers of ten raised", () => {
  const cases: [string, number][] = [
    ["0", 0],
    ["0.3", 0.1 + 0.2],
    ["−0.025", -0.025],
    ["12340", 12340],
    ["2×10⁻⁷", 2e-7],
    ["−1.5×10⁻¹²", -1.5e-12],
    ["1×10⁶", 1e6],
  ];
  for (const [expected, value] of cases) assertEquals(label(value), expected);
});
