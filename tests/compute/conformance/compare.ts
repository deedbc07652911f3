import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Comparison, Ops, Target } from "../../../src/compute/ops.ts";
import { edges, normal } from "../samples.ts";

/** In float64, which has room for every quotient of two float32 numbers. */
const oracle: Record<Comparison, (a: number, b: number) => number> = {
  difference: (a, b) => Math.fround(a - b),
  ratio: (a, b) => Math.log2(Math.abs(a / b)),
  signs: (a, b) => Number.isNaN(a + b) && a !== -b ? NaN : Math.sign(a) * Math.sign(b) < 0 ? 1 : 0,
};
const all: readonly Comparison[] = ["difference", "ratio", "signs"];

const floats = (ops: Ops, values: Float32Array): Float32Array => {
  const bytes = ops.scratch(values.byteLength);
  const near = new Float32Array(bytes.buffer, bytes.byteOffset, values.length);
  near.set(values);
  return near;
};

/**
 * compare: differences and signs bit for bit; ratios to a relative error of 4e-7, and exactly 0 of
 * numbers of one size.
 */
export function conformCompare(ops: Ops): void {
  const check = (how: Comparison, got: number, a: number, b: number) => {
    const want = oracle[how](a, b);
    const text = `${how} of ${a} and ${b}: ${got} instead of ${want}`;
    if (how !== "ratio" || !Number.isFinite(want)) {
      assert(got === want || (Number.isNaN(got) && Number.isNaN(want)), text);
    } else assert(Math.abs(got - want) <= 4e-7 * Math.abs(want), text);
  };

  for (const how of all) {
    Deno.test(`${ops.name} compare() by ${how} of any two numbers at the edges of float32`, () => {
      const some = [...edges, 0.1, -0.1, 1.5, 1.4142135, 2 ** -126, 2 ** -127, 0.7071068, 3, 1e-40]
        .map(Math.fround);
      const a = Float32Array.from(some.flatMap((x) => some.map(() => x)));
      const b = Float32Array.from(some.flatMap(() => some));
      const [cells, others] = [a, b].map((values): Target => {
        return { values: values.slice(), start: 0, pitch: values.length };
      }) as [Target, Target];
      ops.frame(() => ops.compare(cells, others, a.length, 1, how));
      for (const [i, got] of cells.values.entries()) check(how, got, a[i]!, b[i]!);
      assertEquals(others.values, b, "the others stay as they are");
    });

    for (const near of [false, true]) {
      const where = near ? "scratch" : "other memory";
      Deno.test(`${ops.name} compare() by ${how} in place, in ${where}, touches no other cell`, () => {
        for (const [width, height] of [[1, 1], [3, 4], [4, 3], [7, 2], [65, 9], [0, 3]] as const) {
          const pitch = width + 3, apart = width + 5;
          const a = normal(2 + height * pitch, width), b = normal(1 + height * apart, width + 1);
          ops.frame(() => {
            const values = near ? floats(ops, a) : a.slice();
            const partners = near ? floats(ops, b) : b.slice();
            const others = { values: partners, start: 1, pitch: apart };
            ops.compare({ values, start: 2, pitch }, others, width, height, how);
            for (const [i, got] of values.entries()) {
              const x = (i - 2) % pitch, y = Math.floor((i - 2) / pitch);
              const inside = i >= 2 && x < width && y < height;
              if (inside) check(how, got, a[i]!, b[1 + y * apart + x]!);
              else assertEquals(got, a[i]);
            }
          });
        }
      });
    }
  }

  Deno.test(`${ops.name} compare() tells the ratio of numbers of any size, and of near ones as well`, () => {
    const sizes = normal(4096, 5, 60);
    const a = sizes.map((x) => Math.fround(2 ** x));
    const b = a.map((x, i) =>
      i % 2 === 0 ? x * (1 + (i % 7 - 3) * 2 ** -23) : 2 ** sizes[4095 - i]!
    );
    const cells = { values: a.slice(), start: 0, pitch: 64 };
    ops.frame(() => ops.compare(cells, { values: b, start: 0, pitch: 64 }, 64, 64, "ratio"));
    for (const [i, got] of cells.values.entries()) check("ratio", got, a[i]!, b[i]!);
  });

  Deno.test(`${ops.name} compare() refuses cells that do not exist`, () => {
    const of = (length: number): Target => {
      return { values: new Float32Array(length), start: 0, pitch: 2 };
    };
    assertThrows(() => ops.compare(of(3), of(4), 2, 2, "signs"), RangeError, "0..3 of 3");
    assertThrows(() => ops.compare(of(4), of(3), 2, 2, "signs"), RangeError, "0..3 of 3");
  });
}
