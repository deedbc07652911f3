import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Operator, Ops } from "../../../src/compute/ops.ts";
import { normal } from "../samples.ts";
import { element, GUARD, place } from "./matrices.ts";

const operators: readonly Operator[] = ["plain", "transposed", "normal"];
const sizes = [
  [1, 1],
  [4, 4],
  [5, 7],
  [3, 1030],
  [1030, 3],
  [70, 65],
  [9, 66000],
  [0, 5],
  [5, 0],
] as const;

const lengthsOf = (rows: number, columns: number, operator: Operator): [number, number] => [
  operator === "transposed" ? rows : columns,
  operator === "plain" ? rows : columns,
];
const doubles = (length: number, seed: number) => Float64Array.from(normal(length, seed));

/** gemv: within what `Ops.gemv` says of sums in another order, taken of magnitudes in float64. */
export function conformGemv(ops: Ops): void {
  /** Asserts that y grew by what the operator makes of x, and what surrounds A was not read. */
  const check = (rows: number, columns: number, operator: Operator, apart: number, near: boolean) =>
    ops.frame(() => {
      const a = place(ops, rows, columns, apart, near);
      const [from, to] = lengthsOf(rows, columns, operator);
      const x = doubles(from, 5), before = doubles(to, 6), y = before.slice();
      ops.gemv(a, rows, columns, operator, x, y);
      const want = before.slice(), most = before.map(Math.abs);
      for (let i = 0; i < rows; i++) {
        let product = 0, magnitude = 0;
        for (let j = 0; j < columns; j++) {
          product += element(a, i, j) * x[j]!;
          magnitude += Math.abs(element(a, i, j) * x[j]!);
        }
        if (operator === "transposed") [product, magnitude] = [x[i]!, Math.abs(x[i]!)];
        for (let j = 0; j < columns && operator !== "plain"; j++) {
          want[j]! += element(a, i, j) * product;
          most[j]! += Math.abs(element(a, i, j)) * magnitude;
        }
        if (operator !== "plain") continue;
        want[i]! += product;
        most[i]! += magnitude;
      }
      const terms = (operator === "plain" ? 0 : rows) + (operator === "transposed" ? 0 : columns);
      for (let i = 0; i < to; i++) {
        const off = Math.abs(y[i]! - want[i]!), limit = (terms + 2) * 2 ** -52 * most[i]!;
        assert(off <= limit, `${operator}: ${i} is off by ${off}, not ${limit}`);
      }
    });

  for (const [rows, columns] of sizes) {
    Deno.test(`${ops.name} gemv() of ${rows} × ${columns}`, () => {
      for (const operator of operators) {
        for (const [apart, near] of [[0, true], [3, true], [1, false], [0, false]] as const) {
          check(rows, columns, operator, apart, near);
        }
      }
    });
  }

  Deno.test(`${ops.name} gemv() of any sizes`, () => {
    const size = fc.integer({ min: 0, max: 90 });
    fc.assert(fc.property(
      ...[size, size] as const,
      fc.constantFrom(...operators),
      fc.boolean(),
      (rows, columns, operator, near) => check(rows, columns, operator, rows % 3, near),
    ));
  });

  Deno.test(`${ops.name} gemv(): what lies between rows is not read, NaN and ±∞ spread as IEEE has it`, () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      for (const [i, j] of [[0, 0], [6, 8], [3, 4], [4, 3]] as const) {
        const a = place(ops, 7, 9, 2, false, new Float32Array(63).fill(1));
        a.values.forEach((guard, at) => guard === GUARD && (a.values[at] = NaN));
        a.values[a.start + i * a.pitch + j] = value;
        const run = (operator: Operator) => {
          const [from, to] = lengthsOf(7, 9, operator), y = new Float64Array(to);
          ops.frame(() => ops.gemv(a, 7, 9, operator, new Float64Array(from).fill(2), y));
          return [...y];
        };
        const marked = (length: number, at: number, rest: number) =>
          Array.from({ length }, (_, k) => k === at ? value : rest);
        assertEquals(run("plain"), marked(7, i, 18));
        assertEquals(run("transposed"), marked(9, j, 14));
        const whole = Array.from({ length: 9 }, (_, k) => k === j ? value * value : value);
        assertEquals(run("normal"), whole);
      }
    }
  });

  Deno.test(`${ops.name} gemv() sums in float64: large terms that cancel leave small ones`, () => {
    const row = new Float32Array(12).fill(2 ** -20);
    for (const at of [0, 5]) [row[at], row[at + 1]] = [2 ** 30, -(2 ** 30)];
    for (const rows of [1, 4, 5]) {
      const numbers = Float32Array.from({ length: 12 * rows }, (_, i) => row[i % 12]!);
      const a = place(ops, rows, 12, 0, false, numbers), y = new Float64Array(rows);
      ops.frame(() => ops.gemv(a, rows, 12, "plain", new Float64Array(12).fill(1), y));
      assertEquals([...y], new Array(rows).fill(8 * 2 ** -20));
      const turned = Float32Array.from({ length: 12 * rows }, (_, i) => row[Math.floor(i / rows)]!);
      const sums = new Float64Array(rows), b = place(ops, 12, rows, 0, false, turned);
      ops.frame(() => ops.gemv(b, 12, rows, "transposed", new Float64Array(12).fill(1), sums));
      assertEquals([...sums], new Array(rows).fill(8 * 2 ** -20));
    }
  });

  Deno.test(`${ops.name} gemv() refuses what is not there, and a y that shares memory`, () => {
    const a = { values: new Float32Array(12), start: 0, pitch: 4 };
    const vector = (length: number) => new Float64Array(length);
    const refuse = (text: string, ...args: Parameters<Ops["gemv"]>) =>
      assertThrows(() => ops.frame(() => ops.gemv(...args)), RangeError, text);
    refuse("A is 1..12 of 12", { ...a, start: 1 }, 3, 4, "plain", vector(4), vector(3));
    refuse(
      "rows of A are 4 long and 3 apart",
      { ...a, pitch: 3 },
      3,
      4,
      "plain",
      vector(4),
      vector(3),
    );
    refuse("x of 4 numbers and y of 3, got 3 and 3", a, 3, 4, "plain", vector(3), vector(3));
    refuse("x of 3 numbers and y of 4, got 3 and 3", a, 3, 4, "transposed", vector(3), vector(3));
    refuse("x of 4 numbers and y of 4, got 4 and 3", a, 3, 4, "normal", vector(4), vector(3));
    const both = vector(8);
    refuse(
      "y and x share bytes 8..31",
      a,
      3,
      4,
      "normal",
      both.subarray(0, 4),
      both.subarray(1, 5),
    );
    const inside = new Float64Array(a.values.buffer, 0, 3);
    refuse("y and A share bytes 0..23", a, 3, 4, "plain", vector(4), inside);
  });
}
