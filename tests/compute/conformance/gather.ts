import { assertEquals, assertThrows } from "@std/assert";
import type { Ops } from "../../../src/compute/ops.ts";
import { random, withEdges } from "../samples.ts";

/** gather: every cell bit for bit. */
export function conformGather(ops: Ops): void {
  for (const [width, height] of [[0, 3], [3, 0], [1, 1], [3, 5], [4, 2], [65, 9]] as const) {
    Deno.test(`${ops.name} gather() picks ${width} × ${height} cells, and writes no other`, () => {
      const values = withEdges(5000, 1);
      const next = random(width + height);
      const rows = Int32Array.from({ length: height }, () => next() * 4000 + 200);
      const columns = Int32Array.from({ length: width }, () => next() * 800 - 200);
      const out = new Float32Array(3 + height * (width + 2)).fill(-77);
      ops.frame(() =>
        ops.gather(values, rows, columns, { values: out, start: 3, pitch: width + 2 })
      );
      const want = new Float32Array(out.length).fill(-77);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          want[3 + y * (width + 2) + x] = values[rows[y]! + columns[x]!]!;
        }
      }
      assertEquals(out, want);
    });
  }

  Deno.test(`${ops.name} gather() reads and writes scratch in place`, () => {
    ops.frame(() => {
      const floats = (length: number) => {
        const bytes = ops.scratch(length * 4);
        return new Float32Array(bytes.buffer, bytes.byteOffset, length);
      };
      const values = floats(6);
      values.set([0, 1, 2, 3, 4, 5]);
      const out = floats(6);
      const target = { values: out, start: 0, pitch: 2 };
      ops.gather(values, Int32Array.of(0, 1, 2), Int32Array.of(0, 3), target);
      assertEquals([...out], [0, 3, 1, 4, 2, 5]);
    });
  });

  Deno.test(`${ops.name} gather() refuses cells that do not exist`, () => {
    const values = new Float32Array(10);
    const target = { values: new Float32Array(4), start: 0, pitch: 2 };
    const gather = (rows: number[], columns: number[]) =>
      ops.gather(values, Int32Array.from(rows), Int32Array.from(columns), target);
    assertThrows(() => gather([0, 8], [0, 2]), RangeError, "0..10");
    assertThrows(() => gather([0, 1], [-1, 0]), RangeError, "-1..1");
    assertThrows(() => gather([0, 1, 2], [0, 1]), RangeError, "0..5 of 4");
  });
}
