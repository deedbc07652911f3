import { assert, assertEquals } from "@std/assert";
import type { BlockStats } from "../../src/compute/ops.ts";
import { reference } from "../../src/compute/reference.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { statsOf } from "../../src/field/block_arrays.ts";
import { readBordered } from "../../src/field/cells.ts";
import {
  isKept,
  keepOuter,
  keepSlab,
  outerLevels,
  recallSlab,
  slabsOf,
} from "../../src/field/keep.ts";
import { levelsOnDisk } from "../../src/field/levels/stored.ts";
import { fold } from "../../src/field/plane.ts";
import { forgetHoles, mergeLevels } from "../../src/field/pyramid.ts";
import { allocateSlab, measureSlab, stepsOf } from "../../src/field/slab.ts";
import { storedLevels } from "../../src/field/store.ts";
import { inFolder } from "../storage/folder.ts";
import { readerOf, tensorOf } from "./planes.ts";
import { fields, someStats } from "./store/stats.ts";

/** Weights with a few holes in them. */
const value = (i: number) => i % 1009 === 0 ? NaN : i % 2003 === 0 ? 0 : Math.sin(i * i) * 0.02;

/** Throws unless figures are those of the definition, floats within what rounding leaves. */
function agree(found: BlockStats, want: BlockStats, place: string): void {
  assertEquals([found.width, found.height], [want.width, want.height]);
  for (const field of fields) {
    const rounded = field === "mean" || field === "m2" || field === "gradient";
    const wrong = found[field].findIndex((figure, i) => {
      const is = want[field][i]!;
      return !Object.is(figure, is) &&
        !(rounded && Math.abs(figure - is) <= 1e-4 * Math.abs(is) + 1e-7);
    });
    assert(
      wrong < 0,
      `${field} ${wrong} of ${place}: ${found[field][wrong]}, ${want[field][wrong]}`,
    );
  }
}

// One slab and two, across and down, runs that lie down, a vector with holes at its end.
for (
  const [shape, order, count] of [
    [[600, 900], "C", 1],
    [[20, 70_000], "C", 2],
    [[17_000, 40], "C", 2],
    [[70_000, 20], "Fortran", 2],
    [[40, 17_000], "Fortran", 2],
    [[300_001], "C", 1],
  ] as const
) {
  Deno.test(`levels on disk of [${shape}], ${order} order, are the blocks' figures at every size`, () =>
    inFolder((folder) => {
      const reader = readerOf(tensorOf(shape, value, order), undefined, wasm);
      const { plane } = reader;
      const { width, height, runsDown } = plane;
      const pyramid = { folder, width, height, runsDown, base: 3 };
      assert(isKept(plane, 3));
      const outer = outerLevels(plane, 3);
      const slabs = slabsOf(pyramid);
      assertEquals(slabs.length, count);
      for (const rect of slabs) {
        // Memory that is lent may be longer than asked for.
        const lend = (bytes: number) => new SharedArrayBuffer(bytes + 4096);
        const slab = allocateSlab(plane, 3, rect, lend);
        measureSlab(reader, slab, 0, stepsOf(plane, slab), null);
        keepSlab(wasm, pyramid, slab, outer);
      }
      const again = outerLevels(plane, 3);
      for (const rect of slabs) recallSlab(wasm, pyramid, rect, again);
      assertEquals(new Uint8Array(again[0]!.buffer), new Uint8Array(outer[0]!.buffer));
      mergeLevels(wasm, outer);
      keepOuter(pyramid, outer);

      const levels = levelsOnDisk(pyramid, wasm);
      const cells = readBordered(readerOf(tensorOf(shape, value, order)), {
        ...{ x: 0, y: 0, width, height },
      });
      const last = 3 + 1 + outer.length + 1; // one beyond the last block
      for (let log2 = levels.meansFrom; log2 <= last; log2++) {
        const want = reference.blockStats(cells, 2 ** log2);
        if (plane.folded) forgetHoles(plane, want, 0, 0, 2 ** log2);
        // All of it, and a part somewhere in it.
        const part = {
          x: Math.floor(want.width / 3),
          y: Math.floor(want.height / 2),
          width: Math.ceil(want.width / 2),
          height: Math.ceil(want.height / 3),
        };
        for (const blocks of [{ x: 0, y: 0, width: want.width, height: want.height }, part]) {
          const { x, y, width, height } = blocks;
          const at = (i: number) => (y + Math.floor(i / width)) * want.width + x + i % width;
          const pitch = width + 1;
          const values = new Float32Array(2 + pitch * height);
          levels.means(log2, blocks, { values, start: 2, pitch });
          for (let i = 0; i < width * height; i++) {
            const found = values[2 + Math.floor(i / width) * pitch + i % width]!;
            const is = want.mean[at(i)]!;
            const near = Object.is(found, is) || Math.abs(found - is) <= 1e-6;
            assert(near, `mean ${i} of level ${log2}: ${found}, ${is}`);
          }
          if (log2 < levels.statsFrom) continue;
          wasm.frame(() => {
            const expected = statsOf({
              width,
              height,
              buffer: new ArrayBuffer(width * height * 40),
            });
            for (const field of fields) {
              expected[field].forEach((_, i) => expected[field][i] = want[field][at(i)]!);
            }
            agree(levels.stats(wasm, log2, blocks), expected, `level ${log2} from (${x}, ${y}) on`);
          });
        }
      }
      // Levels without figures of their own are among them, where there are any.
      if (count === 2) {
        assert(storedLevels(pyramid).some(({ log2, hasStats }) => log2 > 4 && !hasStats));
      }
    }));
}

Deno.test("levels further out are kept with all figures, or with their means alone", () =>
  inFolder((folder) => {
    const { tensor } = tensorOf([1], value);
    const plane = fold({ ...tensor, shape: [9000, 9001], strides: [9001, 1] });
    const pyramid = { ...{ folder, width: 9001, height: 9000, runsDown: false, base: 3 } };
    const outer = outerLevels(plane, 3);
    const figures = outer.map((level, i) => {
      const stats = someStats(level.width, level.height, i);
      for (const field of fields) statsOf(level)[field].set(stats[field]);
      return stats;
    });
    keepOuter(pyramid, outer);
    const levels = levelsOnDisk(pyramid, wasm);
    const kept = storedLevels(pyramid).slice(2);
    assertEquals(kept.map(({ log2, hasStats }) => [log2, hasStats]), [[5, true], [6, false]]);
    for (const [i, { log2, width, height, hasStats }] of kept.entries()) {
      const all = { x: 0, y: 0, width, height };
      const values = new Float32Array(width * height);
      levels.means(log2, all, { values, start: 0, pitch: width });
      assertEquals(values, figures[i]!.mean);
      if (!hasStats) continue;
      wasm.frame(() => agree(levels.stats(wasm, log2, all), figures[i]!, `level ${log2}`));
    }
  }));
