import { assertEquals, assertThrows } from "@std/assert";
import type { BlockStats, Bordered, Ops } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { normal, random } from "../samples.ts";
import { assertFigures, measure } from "./figures.ts";

const kinds: Record<string, (length: number) => Float32Array> = {
  "normal": (length) => normal(length, 31, 0.02),
  "far from zero": (length) => normal(length, 32, 1, 100),
  "constant": (length) => new Float32Array(length).fill(-0.25),
  "in part not finite": (length) => {
    const next = random(33);
    return normal(length, 33).map((x) => next() < 0.6 ? NaN : next() < 0.1 ? Infinity : x);
  },
  "all NaN": (length) => new Float32Array(length).fill(NaN),
};

/** merge: blocks merged level by level against brute force over all their cells, as `assertFigures`. */
export function conformMerge(ops: Ops): void {
  for (const [kind, make] of Object.entries(kinds)) {
    Deno.test(`${ops.name} merge() of blocks that are ${kind}, at even and odd edges`, () => {
      for (const [width, height] of [[1, 1], [2, 2], [9, 5], [40, 24]] as const) {
        const cells = { values: make((width + 2) * (height + 2)), width, height };
        ops.frame(() => checkLevels(ops, reference.blockStats(cells, 2), cells));
        ops.frame(() => checkLevels(ops, ops.blockStats(cells, 2), cells));
      }
    });
  }

  Deno.test(`${ops.name} merge() passes over what an empty block holds`, () => {
    const cells = { values: new Float32Array(16).fill(2), width: 2, height: 2 };
    ops.frame(() => {
      const stats = ops.blockStats(cells, 1);
      stats.count[3] = 0;
      stats.mean[3] = stats.min[3] = stats.max[3] = NaN;
      const merged = ops.merge(stats);
      assertEquals([merged.count[0], merged.mean[0], merged.m2[0]], [3, 2, 0]);
      assertEquals([merged.min[0], merged.max[0]], [2, 2]);
    });
  });

  Deno.test(`${ops.name} merge() passes over an empty block in each of four places, beside others`, () => {
    for (let empty = 0; empty < 16; empty++) {
      const cells = { values: normal(12 * 4, 34, 1, 5), width: 10, height: 2 };
      for (const [place, at] of [13, 14, 25, 26].entries()) {
        for (let pair = 0; pair < 10; pair += 2) {
          if (empty >> place & 1) cells.values[at + pair] = NaN;
        }
      }
      ops.frame(() => {
        const merged = ops.merge(ops.blockStats(cells, 1));
        for (let x = 0; x < 5; x++) {
          assertFigures(merged, x, measure(cells, 2 * x, 0, 2), `${x}, empty ${empty}`);
        }
      });
    }
  });

  Deno.test(`${ops.name} merge() counts beyond 2^31, in each of four places`, () => {
    for (const large of [0, 1, 4, 5]) {
      const cells = { values: new Float32Array(6 * 4).fill(2), width: 4, height: 2 };
      ops.frame(() => {
        const stats = ops.blockStats(cells, 1);
        stats.count.fill(2 ** 29);
        stats.count[large] = 2 ** 31 + 1;
        stats.positive.set(stats.count);
        const merged = ops.merge(stats);
        const counts = [2 ** 31 + 1 + 3 * 2 ** 29, 2 ** 31];
        assertEquals([[...merged.count], [...merged.positive]], [counts, counts]);
        assertEquals([[...merged.mean], [...merged.m2]], [[2, 2], [0, 0]]);
      });
    }
  });

  Deno.test(`${ops.name} merge() of no blocks is none; entries that are missing are refused`, () => {
    ops.frame(() => {
      const none = ops.blockStats({ values: new Float32Array(4), width: 0, height: 0 }, 1);
      assertEquals(ops.merge(none).count.length, 0);
      assertThrows(() => ops.merge({ ...none, width: 2, height: 3 }), RangeError, "6 entries; 0");
    });
  });
}

function checkLevels(ops: Ops, stats: BlockStats, cells: Bordered): void {
  for (let block = 4; block <= 64; block *= 2) {
    stats = ops.merge(stats);
    assertEquals(stats.width, Math.ceil(cells.width / block));
    assertEquals(stats.height, Math.ceil(cells.height / block));
    for (let y = 0; y < stats.height; y++) {
      for (let x = 0; x < stats.width; x++) {
        const want = measure(cells, x * block, y * block, block);
        const where = `${cells.width} × ${cells.height}, block ${block} at ${x}, ${y}`;
        assertFigures(stats, y * stats.width + x, want, where);
      }
    }
  }
}
