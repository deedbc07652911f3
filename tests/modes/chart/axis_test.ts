import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Axis, marksOf, numberAt, shareOf } from "../../../src/modes/chart/axis.ts";

const texts = (axis: Axis, pixels: number) =>
  marksOf(axis, pixels, 20, 50).flatMap(({ text }) => text ?? []);

Deno.test("numbers on axes are round, by ones, twos and fives or by powers of ten", () => {
  assertEquals(texts({ kind: "linear", from: 0, to: 1 }, 300), [
    "0",
    "0.2",
    "0.4",
    "0.6",
    "0.8",
    "1",
  ]);
  assertEquals(texts({ kind: "log", from: 0.9, to: 110, whole: true }, 400), [
    ...["1", "2", "5", "10", "20", "50", "100"],
  ]);
  assertEquals(texts({ kind: "log", from: 1e-9, to: 10 }, 400), [
    "10⁻⁸",
    "10⁻⁶",
    "10⁻⁴",
    "0.01",
    "1",
  ]);
  assertEquals(texts({ kind: "log", from: 0.9, to: 2.3, whole: true }, 4000), ["1", "2"]);
  // Places begin with 1, though multiples of two would be more.
  assertEquals(texts({ kind: "log", from: 0.9, to: 9, whole: true }, 410), ["1", "2", "5"]);
  // Less than a power of ten: even steps are rounder than what lies between powers.
  assertEquals(texts({ kind: "log", from: 0.95, to: 3.1 }, 400), ["1", "1.5", "2", "2.5", "3"]);
});

Deno.test("numbers on axes ascend, lie on it and keep apart; longer axes have no fewer", () => {
  const axes = fc.record({
    kind: fc.constantFrom("linear", "log"),
    from: fc.double({ min: 1e-12, max: 1e6, noNaN: true }),
    factor: fc.double({ min: 1.01, max: 1e14, noNaN: true }),
    pixels: fc.integer({ min: 60, max: 5000 }),
  });
  fc.assert(fc.property(axes, ({ kind, from, factor, pixels }) => {
    const axis: Axis = { kind: kind as Axis["kind"], from, to: from * factor };
    const marks = marksOf(axis, pixels, 20, 50);
    const apart = (all: typeof marks, least: number) =>
      all.forEach(({ value }, i) => {
        const share = shareOf(axis, value);
        assert(share >= -1e-6 && share <= 1 + 1e-6, `${value} is beyond the axis`);
        if (i === 0) return;
        const before = shareOf(axis, all[i - 1]!.value);
        assert((share - before) * pixels >= least * (1 - 1e-9), `${value} is too close`);
      });
    const written = marks.filter(({ text }) => text !== null);
    apart(written, 50);
    // Of written numbers, which may be others than those of the lines, each has a line.
    apart(marks.filter(({ text }) => text === null), 20);
    const longer = marksOf(axis, 2 * pixels, 20, 50).filter(({ text }) => text !== null);
    assert(longer.length >= written.length);
  }));
});

Deno.test("numberAt undoes shareOf", () => {
  for (
    const axis of [{ kind: "log", from: 0.2, to: 7000 }, {
      kind: "linear",
      from: -3,
      to: 9,
    }] as const
  ) {
    for (const share of [0, 0.25, 0.9, 1]) {
      assertAlmostEquals(shareOf(axis, numberAt(axis, share)), share, 1e-12);
    }
  }
});
