import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Ops } from "../../../src/compute/ops.ts";
import { lengths, normal, withEdges } from "../samples.ts";

/** sumSquares: to 1e-12 of the sum, as float64 rounds. */
export function conformSumSquares(ops: Ops): void {
  const check = (values: Float32Array, name: string) => {
    let want = 0;
    for (const value of values) if (Number.isFinite(value)) want += value ** 2;
    const found = ops.frame(() => ops.sumSquares(values));
    assertAlmostEquals(found, want, 1e-12 * want, `${name} of ${values.length}`);
  };

  Deno.test(`${ops.name} sumSquares() is the sum over finite values, 0 of none`, () => {
    for (const length of lengths) {
      check(withEdges(length, length), "edges");
      check(normal(length, 3, 1e-20), "small");
      // Odd places, so that none begins as the vectors do.
      check(normal(length + 1, 4).subarray(1), "part");
    }
    for (const value of [NaN, Infinity, -Infinity]) {
      for (const length of [1, 7, 8, 21]) {
        const values = new Float32Array(length).fill(value);
        assertEquals(ops.frame(() => ops.sumSquares(values)), 0);
      }
    }
  });

  Deno.test(`${ops.name} sumSquares() counts each place, and takes scratch where it lies`, () => {
    for (let at = 0; at < 21; at++) {
      const values = new Float32Array(21);
      values[at] = 3.4e38;
      check(values, `place ${at}`);
    }
    ops.frame(() => {
      const { buffer, byteOffset } = ops.scratch(44);
      const values = new Float32Array(buffer, byteOffset, 11).fill(2);
      assertEquals(ops.sumSquares(values), 44);
      assertEquals(ops.sumSquares(values.subarray(1, 10)), 36);
    });
  });
}
