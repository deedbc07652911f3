import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { KEY_BINS } from "../../src/analysis/measure.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { allocate } from "../../src/field/pyramid.ts";
import { slabOf, stepsOf } from "../../src/field/slab.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { channels, settle, sketchStep, sweep } from "../../src/tile/sweep.ts";
import type { SyncSource } from "../../src/field/cells.ts";
import type { TensorInfo } from "../../src/formats/format.ts";
import { laidOut, readerOf, tensorOf } from "../field/planes.ts";
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

Deno.test("channel norms equal brute force, for rows and columns read in several pieces", () => {
  // 2¹⁸ cells are read at once: 262 rows of the first, less than a row of the second.
  const shapes = [[600, 1000], [3, 300_000], [1, 5], [10, 7, 3, 3], [4, 6, 5]];
  const layouts = [[1, 0], [3, 2, 0, 1], [2, 3, 0, 1], [2, 1, 0], [1, 2, 0]];
  const cases = shapes.flatMap((shape) => [
    { shape, layout: undefined, order: undefined },
    { shape, layout: undefined, order: "Fortran" as const },
    ...layouts.filter(({ length }) => length === shape.length).map((layout) => ({
      shape,
      layout,
      order: undefined,
    })),
  ]);
  for (const { shape, layout, order } of cases) {
    const value = (i: number) => {
      if (i % 997 === 5) return [NaN, Infinity, -Infinity][i % 3]!;
      return hash(i) * Math.sin(i / 777);
    };
    const made = layout ? laidOut(shape, layout, value) : tensorOf(shape, value, order);
    const { norms } = channels(readerOf(made, undefined, wasm))!;
    const [count = 0] = shape;
    const size = made.flat.length / count;
    assertEquals(norms.length, count);
    for (let c = 0; c < count; c++) {
      let squares = 0;
      for (const value of made.flat.subarray(c * size, (c + 1) * size)) {
        if (Number.isFinite(value)) squares += value * value;
      }
      assertAlmostEquals(
        norms[c]!,
        Math.sqrt(squares),
        1e-6 * Math.sqrt(squares),
        `${shape} ${layout} ${c}`,
      );
    }
  }
});

Deno.test("the dominant pair is found where a layer can be held, whatever its folding", () => {
  const left = (i: number) => 1 + i / 8, right = (j: number) => Math.cos(j);
  // A vector has no channels.
  assertEquals(channels(readerOf(tensorOf([50], hash))), null);
  for (const shape of [[30, 40], [12, 5, 2, 4]]) {
    const across = shape.slice(1).reduce((product, extent) => product * extent);
    const made = tensorOf(shape, (i) => left(Math.floor(i / across)) * right(i % across));
    const { dominant } = channels(readerOf(made, undefined, wasm))!;
    for (let i = 0; i < made.flat.length; i++) {
      const product = dominant!.left[Math.floor(i / across)]! * dominant!.right[i % across]!;
      assertAlmostEquals(product, made.flat[i]!, 1e-4, `${shape}: element ${i}`);
    }
  }
});

Deno.test("a layer of more than 2²² cells gets norms, and no dominant pair", () => {
  const bytes = new Uint8Array(2049 * 2048).fill(1);
  const source = new MemorySource("large", bytes);
  const tensor: TensorInfo = {
    name: "large",
    dtype: "U8",
    shape: [2049, 2048],
    strides: [2048, 1],
    bigEndian: false,
    source: source.ref,
    offset: 0,
    bytes: bytes.length,
  };
  const { norms, dominant } = channels(
    readerOf({ tensor, source: source as SyncSource }, undefined, wasm),
  )!;
  assert(norms.every((norm) => Math.abs(norm - Math.sqrt(2048)) < 1e-4));
  assertEquals(dominant, null);
});
