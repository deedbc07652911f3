import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Ops, Symmetric } from "../../../src/compute/ops.ts";
import { normal } from "../samples.ts";

const doubles = (length: number, seed: number) => Float64Array.from(normal(length, seed));

/** syr2Symv: within what `Ops.syr2Symv` says of sums in another order. */
export function conformSyr2Symv(ops: Ops): void {
  /** Asserts what becomes of A and y, and that nothing above the diagonal or between rows is touched. */
  const check = (side: number, apart: number, near: boolean) => {
    const pitch = side + apart, length = side * pitch;
    const kept = near ? ops.keep(8 * length) : null;
    const values = kept
      ? new Float64Array(kept.buffer, kept.byteOffset, length)
      : new Float64Array(length);
    values.set(doubles(length, 3));
    for (let i = 0; i < side; i++) values.fill(NaN, i * pitch + i + 1, (i + 1) * pitch);
    const [v, w, x, before] = [4, 5, 6, 7].map((seed) => doubles(side, seed)) as Vectors;
    const matrix = values.slice(), y = before.slice();
    ops.syr2Symv({ values, side, pitch }, v, w, x, y);
    const sums = before.slice(), most = before.map(Math.abs);
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < pitch; j++) {
        const at = i * pitch + j, own = matrix[at]!;
        if (j > i) {
          assert(Number.isNaN(values[at]!), `(${i}, ${j}) was written`);
          continue;
        }
        const want = own - v[i]! * w[j]! - w[i]! * v[j]!;
        const size = Math.abs(own) + Math.abs(v[i]! * w[j]!) + Math.abs(w[i]! * v[j]!);
        const off = Math.abs(values[at]! - want);
        assert(off <= 4 * 2 ** -53 * size, `(${i}, ${j}) is off by ${off}`);
        for (const [to, from] of i === j ? [[i, i]] : [[i, j], [j, i]]) {
          sums[to!]! += want * x[from!]!;
          most[to!]! += size * Math.abs(x[from!]!);
        }
      }
    }
    y.forEach((value, i) => {
      const off = Math.abs(value - sums[i]!), limit = (side + 4) * 2 ** -52 * most[i]!;
      assert(off <= limit, `y(${i}) is off by ${off}, not ${limit}`);
    });
    if (kept) ops.release(kept);
  };

  Deno.test(`${ops.name} syr2Symv() of any sizes`, () => {
    for (const side of [0, 1, 2, 3, 8, 67]) {
      for (const near of [true, false]) check(side, 0, near);
    }
    const size = fc.integer({ min: 0, max: 40 }), apart = fc.integer({ min: 0, max: 3 });
    fc.assert(fc.property(size, apart, fc.boolean(), check));
  });

  Deno.test(`${ops.name} syr2Symv() refuses what is not there, and what shares memory`, () => {
    const a: Symmetric = { values: new Float64Array(12), side: 3, pitch: 4 };
    const [v, w, x, y] = [0, 0, 0, 0].map(() => new Float64Array(3)) as Vectors;
    const refuse = (text: string, ...args: Parameters<Ops["syr2Symv"]>) =>
      assertThrows(() => ops.syr2Symv(...args), RangeError, text);
    refuse("3 rows 2 apart", { ...a, pitch: 2 }, v, w, x, y);
    refuse("3 rows 5 apart, 12 numbers", { ...a, pitch: 5 }, v, w, x, y);
    refuse("w has 4 numbers, not 3", a, v, new Float64Array(4), x, y);
    refuse("y and x share bytes 0..23", a, v, w, x, x);
    refuse("A and v share bytes 16..39", a, a.values.subarray(2, 5), w, x, y);
    // A row behind the triangle may be one of the vectors.
    ops.syr2Symv(
      { ...a, side: 2 },
      a.values.subarray(8, 10),
      w.subarray(1),
      x.subarray(1),
      y.subarray(1),
    );
    assertEquals([...a.values], new Array(12).fill(0));
  });
}

type Vectors = [v: Float64Array, w: Float64Array, x: Float64Array, y: Float64Array];
