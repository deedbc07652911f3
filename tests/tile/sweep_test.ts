import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { KEY_BINS } from "../../src/analysis/measure.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { allocate } from "../../src/field/pyramid.ts";
import { slabOf, stepsOf } from "../../src/field/slab.ts";
import { settle, sketchStep, sweep } from "../../src/tile/sweep.ts";
import { readerOf, tensorOf } from "../field/planes.ts";
import { hash, numbers, tileAt, withFolder, writeRows } from "./models.ts";

/** Rows that each hold one value are a distribution of their own: quantile q as numpy defines it. */
function quantileOfRows(rows: Uint8Array, width: number, q: number): number {
  const sorted = rows.toSorted();
  const position = q * (rows.length * width - 1);
  const at = (rank: number) => sorted[Math.floor(rank / width)]!;
  const low = at(Math.floor(position)), high = at(Math.ceil(position));
  return low + (high - low) * (position % 1);
}

Deno.test("a layer swept in several parts has the order statistics and means of all of them", () => {
  // More than 2·2²⁴ cells: three parts at least, which hold different values.
  const width = 4096, height = 8400;
  const rows = Uint8Array.from({ length: height }, (_, y) => {
    if (y > 3000 && y < 5500) return 100;
    return y > 5600 ? 200 : y % 64 === 1 ? 3 : 0;
  });
  return withFolder(
    (folder) => writeRows(`${folder}/model.safetensors`, width, rows),
    { workers: 2 },
    async (engine) => {
      const ramp = async (query: string) => {
        const view = engine.view("model", "matrix", "weights", new URLSearchParams(query));
        return (await engine.legend(view)).ramp!.stops.map(({ value }) => value);
      };
      for (const q of [0.05, 0.25, 0.34, 0.49]) {
        const stops = await ramp(`normalize=minmax&colormap=viridis&clip=${q}`);
        const [low, high] = [stops[0]!, stops.at(-1)!];
        assertAlmostEquals(low, quantileOfRows(rows, width, q), 1e-3, `quantile ${q}`);
        assertAlmostEquals(high, quantileOfRows(rows, width, 1 - q), 1e-3, `quantile ${1 - q}`);
      }
      const middle = quantileOfRows(rows, width, 0.5);
      const mad = quantileOfRows(rows.map((value) => Math.abs(value - middle)), width, 0.5);
      const stops = await ramp("normalize=robust&colormap=viridis");
      assertAlmostEquals(stops[16]!, middle, 1e-3);
      assertAlmostEquals(stops.at(-1)!, middle + 3 * 1.4826 * mad, 1e-3);

      const { values, ...size } = await numbers(engine, tileAt("matrix", [0, 0, 0]));
      const block = 64;
      assertEquals(size, { width: 256, height: 256 });
      for (let y = 0; y * block < height; y++) {
        const held = rows.subarray(y * block, (y + 1) * block);
        const mean = held.reduce((sum, value) => sum + value, 0) / held.length;
        for (const x of [0, 63]) assertAlmostEquals(values[y * 256 + x]!, mean, 1e-3, `row ${y}`);
      }
    },
  );
});

Deno.test("rows of a narrow layer are all in its order statistics, however they repeat", () => {
  const width = 64, height = 300_000;
  // Of 32 rows the last eight are what a coarser choice would see, and nothing else.
  const rows = Uint8Array.from({ length: height }, (_, y) => y % 32 < 24 ? 10 : 200);
  return withFolder(
    (folder) => writeRows(`${folder}/model.safetensors`, width, rows),
    { workers: 2 },
    async (engine) => {
      const query = new URLSearchParams("normalize=minmax&colormap=viridis&clip=0.3");
      const view = engine.view("model", "matrix", "weights", query);
      const stops = (await engine.legend(view)).ramp!.stops.map(({ value }) => value);
      assertAlmostEquals(stops[0]!, 10, 1e-3);
      assertAlmostEquals(stops.at(-1)!, quantileOfRows(rows, width, 0.7), 1e-3);
    },
  );
});

Deno.test("enough values of a layer are counted, and all of a small one", () => {
  for (
    const [width, height] of [[2048, 2048], [2048, 2049], [4096, 11008], [32000, 4096], [
      7,
      2 ** 24,
    ]]
  ) {
    const cells = width! * height!;
    const step = sketchStep({ width: width!, cells });
    assertEquals(Math.log2(step) % 1, 0);
    if (cells <= 2 ** 22) assertEquals(step, 1);
    else assert(cells / step >= 2 ** 19, `${width} × ${height}: every ${step}th`);
  }
  assertEquals(sketchStep({ width: 4096, cells: 4096 * 11008 }), 64);
});

Deno.test("a small layer's order statistics are exact, a folded vector's too", () => {
  for (const shape of [[120, 75], [5003]]) {
    const made = tensorOf(shape, (i) => i % 50 === 7 ? NaN : hash(i) ** 3 - 0.2);
    const reader = readerOf(made, undefined, wasm);
    const pyramid = allocate(reader.plane);
    const slab = slabOf(pyramid);
    const bins = new Uint32Array(KEY_BINS);
    sweep(reader, slab, 0, stepsOf(reader.plane, slab), bins);
    const scale = settle(reader, pyramid.levels, bins);
    const sorted = made.flat.filter((value) => !Number.isNaN(value)).sort();
    const middle = (values: Float32Array) =>
      (values[(values.length - 1) >> 1]! + values[values.length >> 1]!) / 2;
    assertEquals(scale.count, sorted.length);
    assertEquals(scale.nan, made.flat.length - sorted.length);
    assertAlmostEquals(scale.median, middle(sorted), 1e-7);
    const deviations = sorted.map((value) => Math.abs(value - middle(sorted))).sort();
    assertAlmostEquals(scale.mad, middle(deviations), 1e-7);
  }
});
