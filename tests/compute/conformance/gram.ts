import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Ops } from "../../../src/compute/ops.ts";
import { normal } from "../samples.ts";
import { element, place } from "./matrices.ts";

const sizes = [
  [1, 1],
  [6, 4],
  [7, 5],
  [5, 300],
  [61, 513],
  [101, 2],
  [2, 1500],
  [0, 3],
  [3, 0],
] as const;
const lines = ["rows", "columns"] as const;

/** gram: within what `Ops.gram` says of sums in another order; the upper triangle is left alone. */
export function conformGram(ops: Ops): void {
  const check = (
    count: number,
    length: number,
    of: "rows" | "columns",
    apart: number,
    near: boolean,
  ) =>
    ops.frame(() => {
      const [rows, columns] = of === "rows" ? [count, length] : [length, count];
      const a = place(ops, rows, columns, apart, near);
      const at = (line: number, k: number) =>
        of === "rows" ? element(a, line, k) : element(a, k, line);
      const before = Float64Array.from(normal(count * count, 4)), out = before.slice();
      ops.gram(a, rows, columns, of, out);
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < count; j++) {
          const old = before[i * count + j]!, got = out[i * count + j]!;
          if (j > i) {
            assertEquals(got, old, `(${i}, ${j}) is above the diagonal`);
            continue;
          }
          let sum = old, magnitude = Math.abs(old);
          for (let k = 0; k < length; k++) {
            sum += at(i, k) * at(j, k);
            magnitude += Math.abs(at(i, k) * at(j, k));
          }
          const off = Math.abs(got - sum), most = (length + 1) * 2 ** -53 * magnitude;
          assert(off <= most, `(${i}, ${j}) is off by ${off}, not ${most}`);
        }
      }
    });

  for (const of of lines) {
    for (const [count, length] of sizes) {
      Deno.test(`${ops.name} gram() of ${count} ${of} of ${length}`, () => {
        for (const [apart, near] of [[0, true], [3, true], [1, false], [0, false]] as const) {
          check(count, length, of, apart, near);
        }
      });
    }

    Deno.test(`${ops.name} gram() of any number of ${of}`, () => {
      const size = fc.integer({ min: 0, max: 60 });
      fc.assert(fc.property(size, fc.integer({ min: 0, max: 300 }), fc.boolean(), (n, k, near) => {
        check(n, k, of, n % 3, near);
      }));
    });

    Deno.test(`${ops.name} gram() of more ${of} than are in scratch at a time`, () => {
      for (const near of [false, true]) {
        check(1540, 3, of, 1, near);
        check(770, 2, of, 0, near);
        check(2, 2051, of, 0, near);
      }
    });

    Deno.test(`${ops.name} gram(): one ${of.slice(0, -1)} of NaN or ±∞ spreads to its own products`, () => {
      for (const value of [NaN, Infinity, -Infinity]) {
        for (const marked of [0, 3, 8, 12]) {
          const numbers = Float32Array.from({ length: 13 * 300 }, (_, at) => {
            const line = of === "rows" ? Math.floor(at / 300) : at % 13;
            const k = of === "rows" ? at % 300 : Math.floor(at / 13);
            return line === marked && k === 256 + marked ? value : 1;
          });
          const [rows, columns] = of === "rows" ? [13, 300] : [300, 13];
          const out = new Float64Array(169);
          const a = place(ops, rows, columns, 1, false, numbers);
          ops.frame(() => ops.gram(a, rows, columns, of, out));
          out.forEach((got, at) => {
            const i = Math.floor(at / 13), j = at % 13, times = [i, j].filter((x) => x === marked);
            assertEquals(got, j > i ? 0 : [300, value, value * value][times.length], `${i}, ${j}`);
          });
        }
      }
    });
  }

  Deno.test(`${ops.name} gram() keeps what float32 would lose`, () => {
    // (1 + 2⁻²³)² − 1 is 2⁻²² + 2⁻⁴⁶, of which float32 has no last term.
    const a = place(ops, 1, 2, 0, false, Float32Array.of(1 + 2 ** -23, 2 ** -70));
    const out = Float64Array.of(-1);
    ops.frame(() => ops.gram(a, 1, 2, "rows", out));
    assertEquals(out[0], 2 ** -22 + 2 ** -46);
    const tiny = new Float64Array(1),
      small = place(ops, 2, 1, 0, false, Float32Array.of(2 ** -149, 0));
    ops.frame(() => ops.gram(small, 2, 1, "columns", tiny));
    assertEquals(tiny[0], 2 ** -298);
  });

  Deno.test(`${ops.name} gram() refuses what is not there, and an out that shares memory`, () => {
    const a = { values: new Float32Array(12), start: 0, pitch: 4 };
    const refuse = (text: string, ...args: Parameters<Ops["gram"]>) =>
      assertThrows(() => ops.frame(() => ops.gram(...args)), RangeError, text);
    refuse("A is 1..12 of 12", { ...a, start: 1 }, 3, 4, "rows", new Float64Array(9));
    refuse("3 × 3 products, room for 16", a, 3, 4, "rows", new Float64Array(16));
    refuse("4 × 4 products, room for 9", a, 3, 4, "columns", new Float64Array(9));
    refuse(
      "rows of A are 4 long and 2 apart",
      { ...a, pitch: 2 },
      3,
      4,
      "rows",
      new Float64Array(9),
    );
    refuse("rows must be a whole number", a, 0.5, 4, "rows", new Float64Array(9));
    const inside = new Float64Array(a.values.buffer, 0, 4);
    refuse("out and A share bytes 0..31", a, 2, 4, "rows", inside);
  });
}
