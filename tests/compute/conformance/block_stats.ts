import { assertEquals, assertThrows } from "@std/assert";
import type { Bordered, Ops } from "../../../src/compute/ops.ts";
import { edges, normal, random } from "../samples.ts";
import { assertFigures, measure } from "./figures.ts";

/** What cells may look like; each is a way for a fast path to go wrong. */
export const kinds: Record<string, (length: number) => Float32Array> = {
  "normal": (length) => normal(length, 1, 0.02),
  "all zero": (length) => new Float32Array(length),
  "constant": (length) => new Float32Array(length).fill(0.1),
  "far from zero": (length) => normal(length, 2, 1, 1e4),
  "a few ulp around 1": (length) => normal(length, 3, 3e-7, 1),
  "ten thousand times its spread, negative": (length) => normal(length, 4, 1e-3, -10),
  "positive": (length) => normal(length, 5).map(Math.abs),
  "negative": (length) => normal(length, 6).map((x) => -Math.abs(x)),
  "sparse, with zeros of both signs": (length) =>
    normal(length, 7).map((x, i) => i % 3 === 0 ? x : i % 3 === 1 ? 0 : -0),
  "one value among zeros": (length) => new Float32Array(length).fill(3e-3, 0, 1),
  "squares underflow": (length) => normal(length, 8, 1e-25),
  "subnormal": (length) => normal(length, 9, 1e-41),
  "small steps at a distance": (length) => normal(length, 10, 1e-13, 1e-9),
  "squares overflow": (length) => normal(length, 11, 1e25),
  "near the largest": (length) => normal(length, 12).map((x) => x < 0 ? -3.4e38 : 3.4e38),
  "all NaN": (length) => new Float32Array(length).fill(NaN),
  "all infinite": (length) => new Float32Array(length).fill(-Infinity),
  "one NaN": (length) => normal(length, 13).fill(NaN, length >> 1, (length >> 1) + 1),
  "edges here and there": (length) => {
    const next = random(14);
    return normal(length, 14).map((x) => next() < 0.03 ? edges[Math.floor(next() * 11)]! : x);
  },
  "half not finite": (length) => {
    const next = random(15);
    return normal(length, 15).map((x) => next() < 0.5 ? x : next() < 0.5 ? NaN : Infinity);
  },
};

const sizes = [[1, 1], [3, 2], [4, 4], [5, 7], [8, 8], [33, 9], [64, 16], [67, 35], [70, 48]];

/** blockStats: as `assertFigures` says, against brute force in float64. */
export function conformBlockStats(ops: Ops): void {
  for (const [kind, make] of Object.entries(kinds)) {
    Deno.test(`${ops.name} blockStats() of cells that are ${kind}`, () => {
      for (const [width = 0, height = 0] of sizes) {
        const cells = { values: make((width + 2) * (height + 2)), width, height };
        for (const block of [1, 2, 4, 8, 16, 32, 128]) check(ops, cells, block);
      }
    });
  }

  Deno.test(`${ops.name} blockStats() of large blocks and wide bands`, () => {
    const wide = { values: normal(4098 * 18, 21, 0.03), width: 4096, height: 16 };
    for (const block of [16, 256, 4096]) check(ops, wide, block);
    const square = { values: normal(302 * 302, 22, 2, 0.5), width: 300, height: 300 };
    check(ops, square, 256);
  });

  Deno.test(`${ops.name} blockStats() takes the gradient from neighbours, the border's too`, () => {
    // f(x, y) = 3x + 4y has |∇| = 5 in every cell, beyond the edge as well.
    for (const [width, height] of [[1, 1], [7, 5], [32, 16]] as const) {
      const pitch = width + 2;
      const values = Float32Array.from(
        { length: pitch * (height + 2) },
        (_, i) => 3 * (i % pitch) + 4 * Math.floor(i / pitch),
      );
      for (const block of [1, 2, 4, 16]) {
        ops.frame(() => {
          const stats = ops.blockStats({ values, width, height }, block);
          const means = stats.gradient.map((sum, i) => sum / stats.count[i]!);
          assertEquals(means, new Float32Array(means.length).fill(5));
        });
      }
    }
  });

  Deno.test(`${ops.name} blockStats() lets a NaN in the border touch nothing but slopes`, () => {
    const cells = { values: normal(18 * 18, 23), width: 16, height: 16 };
    for (const at of [0, 1, 17, 18, 35, 17 * 18, 18 * 18 - 2]) cells.values[at] = NaN;
    for (const block of [1, 2, 4, 8, 16]) check(ops, cells, block);
  });

  Deno.test(`${ops.name} blockStats() of no cells is no blocks`, () => {
    for (const [width, height] of [[0, 0], [5, 0], [0, 5]] as const) {
      const values = new Float32Array((width + 2) * (height + 2));
      ops.frame(() => {
        const stats = ops.blockStats({ values, width, height }, 4);
        assertEquals([stats.width, stats.height], [Math.ceil(width / 4), Math.ceil(height / 4)]);
        assertEquals(stats.count.length, 0);
      });
    }
  });

  Deno.test(`${ops.name} blockStats() refuses missing borders and odd blocks`, () => {
    const cells = { values: new Float32Array(15), width: 2, height: 2 };
    assertThrows(() => ops.blockStats(cells, 2), RangeError, "16 values; 15");
    const whole = { ...cells, values: new Float32Array(16) };
    for (const block of [0, 3, 0.5, -2, NaN]) {
      assertThrows(() => ops.blockStats(whole, block), RangeError, `power of two, got ${block}`);
    }
  });
}

function check(ops: Ops, cells: Bordered, block: number): void {
  ops.frame(() => {
    const stats = ops.blockStats(cells, block);
    assertEquals(stats.width, Math.ceil(cells.width / block));
    assertEquals(stats.height, Math.ceil(cells.height / block));
    for (let y = 0; y < stats.height; y++) {
      for (let x = 0; x < stats.width; x++) {
        const where = `${cells.width} × ${cells.height}, block ${block} at ${x}, ${y}`;
        const want = measure(cells, x * block, y * block, block);
        assertFigures(stats, y * stats.width + x, want, where);
      }
    }
  });
}
