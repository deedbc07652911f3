import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { ChannelNeeds } from "../../src/analysis/channels.ts";
import { Pool } from "../../src/compute/pool.ts";
import { wasm } from "../../src/compute/wasm.ts";
import type { Job } from "../../src/tile/job.ts";
import { Layers } from "../../src/tile/layers.ts";
import { dominantOf, squaresOf } from "../../src/tile/channels.ts";
import type { TensorInfo } from "../../src/formats/format.ts";
import type { Findings } from "../../src/tile/layer_entry.ts";
import { unknownScale } from "../../src/tile/sample.ts";
import { laidOut, readerOf, tensorOf } from "../field/planes.ts";
import { hash } from "./models.ts";

const needs = (channels: ChannelNeeds) => ({ facts: true, channels, pyramid: false });

async function withLayers(
  findings: Findings | undefined,
  test: (layers: Layers) => Promise<void>,
): Promise<void> {
  const pool = new Pool<Job>(new URL("../../src/tile/worker.ts", import.meta.url), 2);
  try {
    await test(new Layers(pool, 1 << 20, () => findings));
  } finally {
    pool.close();
  }
}

const model = { id: "model", version: "1", step: null, steps: [], layers: [] };

Deno.test("squares of channels equal brute force, for rows and columns read in several parts", () => {
  // 2¹⁷ cells are read at once: 131 rows of the first, less than half a row of the second.
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
    const reader = readerOf(made, undefined, wasm), { cells } = reader.plane;
    const middle = Math.floor(cells / 3);
    const [first, second] = [squaresOf(reader, 0, middle), squaresOf(reader, middle, cells)];
    const [count = 0] = shape;
    const size = made.flat.length / count;
    assertEquals([first.length, second.length], [count, count]);
    for (let c = 0; c < count; c++) {
      let squares = 0;
      for (const value of made.flat.subarray(c * size, (c + 1) * size)) {
        if (Number.isFinite(value)) squares += value * value;
      }
      const found = first[c]! + second[c]!;
      assertAlmostEquals(found, squares, 1e-12 * squares, `${shape} ${layout} ${c}`);
    }
  }
});

Deno.test("the dominant pair is found whatever a layer's folding", () => {
  const left = (i: number) => 1 + i / 8, right = (j: number) => Math.cos(j);
  for (const shape of [[30, 40], [12, 5, 2, 4]]) {
    const across = shape.slice(1).reduce((product, extent) => product * extent);
    const made = tensorOf(shape, (i) => left(Math.floor(i / across)) * right(i % across));
    const dominant = dominantOf(readerOf(made, undefined, wasm));
    for (let i = 0; i < made.flat.length; i++) {
      const product = dominant.left[Math.floor(i / across)]! * dominant.right[i % across]!;
      assertAlmostEquals(product, made.flat[i]!, 1e-4, `${shape}: element ${i}`);
    }
  }
});

Deno.test("of channels nothing is found but what is asked for, and nothing twice", () =>
  withLayers(undefined, async (layers) => {
    const matrix = tensorOf([30, 40], hash).tensor;
    const entry = layers.entry(model, matrix);
    await layers.ready(entry, needs("none"));
    assertEquals(entry.facts!.channels, null);
    await layers.ready(entry, needs("norms"));
    const { norms, dominant } = entry.facts!.channels!;
    assertEquals([norms.length, dominant], [30, null]);
    await layers.ready(entry, needs("dominant"));
    assertEquals(entry.facts!.channels!.dominant!.right.length, 40);
    assertEquals(entry.facts!.channels!.norms, norms);
    const { channels } = entry;
    await layers.ready(entry, needs("norms"));
    await layers.ready(entry, needs("dominant"));
    assertEquals(entry.channels === channels, true);

    const vector = layers.entry(model, { ...tensorOf([50], hash).tensor, name: "vector" });
    await layers.ready(vector, needs("dominant"));
    assertEquals(vector.facts!.channels, null);
  }));

Deno.test("a layer of more than 2²² cells, in several parts, gets norms and no dominant pair", () =>
  withLayers(undefined, async (layers) => {
    // More than 2²³ cells are two parts.
    const rows = 4097, bytes = new Uint8Array(rows * 2048).fill(1);
    const tensor: TensorInfo = {
      name: "large",
      dtype: "U8",
      shape: [rows, 2048],
      strides: [2048, 1],
      bigEndian: false,
      source: { kind: "memory", name: "large", bytes },
      offset: 0,
      bytes: bytes.length,
    };
    const entry = layers.entry(model, tensor);
    await layers.ready(entry, needs("dominant"));
    const { norms, dominant } = entry.facts!.channels!;
    assertEquals(norms, new Float32Array(rows).fill(Math.sqrt(2048)));
    assertEquals(dominant, null);
  }));

Deno.test("channels stay known where an ingest finds a layer, which is taken over once", () => {
  const facts = { scale: unknownScale, channels: null };
  const found = { facts, stored: null };
  let isFound = false;
  return withLayers({ found: () => isFound ? found : null }, async (layers) => {
    const { tensor } = tensorOf([30, 40], hash);
    await layers.ready(layers.entry(model, tensor), needs("norms"));
    isFound = true;
    const { facts, channels } = layers.entry(model, tensor);
    assertEquals([facts!.scale === unknownScale, channels!.norms.length], [true, 30]);
    assertEquals(facts!.channels === channels, true);
    assertEquals(layers.entry(model, tensor).facts === facts, true);
  });
});
