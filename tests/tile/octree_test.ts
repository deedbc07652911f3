import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BadRequest, NotFound } from "../../src/errors.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { type Content, hash, numbers, tileAt, withTensors } from "./models.ts";

// As a volume 20 across, 16 down, 300 through: 320 inputs are folded into 16 rows of 20.
const outputs = 300, inputs = 320, width = 20, height = 16;
const matrix: Content = {
  shape: [outputs, inputs],
  values: Float32Array.from({ length: outputs * inputs }, (_, i) => {
    const z = Math.floor(i / inputs);
    if (i === 40 * inputs + 5) return NaN;
    return z >= 64 && z < 128 ? 0.5 : Math.sin(z / 40) + 0.2 * (hash(i) - 0.5);
  }),
};
const value = (x: number, y: number, z: number) => matrix.values[z * inputs + y * width + x]!;

const at = (z: number, x: number, y: number, query: string) =>
  tileAt("matrix", [z, x, y], query, { mode: "octree" });
const viewOf = (engine: Engine, query: string) =>
  engine.view("model", "matrix", "octree", new URLSearchParams(query));

Deno.test("where next to nothing merges, a slice is its cells, along each axis", () =>
  withTensors({ matrix }, async (engine) => {
    const cases = [
      {
        axis: "z",
        slice: 40,
        size: [width, height],
        cell: (a: number, b: number) => value(a, b, 40),
      },
      {
        axis: "y",
        slice: 7,
        size: [width, outputs],
        cell: (a: number, b: number) => value(a, 7, b),
      },
      {
        axis: "x",
        slice: 3,
        size: [height, outputs],
        cell: (a: number, b: number) => value(3, a, b),
      },
    ];
    for (const { axis, slice, size: [across = 0, down = 0], cell } of cases) {
      const query = `axis=${axis}&slice=${slice}&epsilon=1e-6`;
      const { plane } = viewOf(engine, query);
      assertEquals([plane.width, plane.height], [across, down]);
      for (let y = 0; y * 256 < down; y++) {
        const tile = await numbers(engine, at(plane.nativeZoom, 0, y, query));
        for (let row = 0; row < 256; row++) {
          for (let column = 0; column < 256; column++) {
            const inside = column < across && y * 256 + row < down;
            const expected = inside ? cell(column, y * 256 + row) : NaN;
            const found = tile.values[row * 256 + column]!;
            // Leaves of equal cells stand for their mean.
            if (Number.isNaN(expected)) assert(Number.isNaN(found));
            else assertAlmostEquals(found, expected, 2e-6, `${axis}: ${column}, ${row}`);
          }
        }
      }
    }
  }));

Deno.test("no cell is further from what it is drawn as than the rule says, and cubes are merged", () =>
  withTensors({ matrix }, async (engine) => {
    const query = "axis=x&slice=9&epsilon=0.4&kappa=1";
    const view = viewOf(engine, query);
    const { epsilon, error, leaves, compression, finite, cells, sides } = await engine.octree(view);
    assertEquals(sides, [width, height, outputs]);
    assertEquals([cells, finite], [outputs * inputs, outputs * inputs - 1]);
    assert(error <= epsilon, `${error} of ${epsilon}`);
    assert(compression > 1.5, `compressed ${compression} times`);
    assert(leaves.slice(1).reduce((sum, count) => sum + count) > 1000, `${leaves}`);
    let drawn = 0;
    for (const y of [0, 1]) {
      const tile = await numbers(engine, at(view.plane.nativeZoom, 0, y, query));
      for (let row = 0; row < 256 && y * 256 + row < outputs; row++) {
        for (let column = 0; column < height; column++) {
          const cell = value(9, column, y * 256 + row);
          if (Number.isNaN(cell)) continue;
          const off = Math.abs(tile.values[row * 256 + column]! - cell);
          assert(off <= epsilon, `${column}, ${row}: off by ${off}`);
          drawn++;
        }
      }
    }
    assertEquals(drawn, outputs * height);
  }));

Deno.test("an octree of one leaf is the mean at every zoom; zoomed in, cubes have edges", () =>
  withTensors(
    { matrix: { shape: [64, 64], values: new Float32Array(4096).fill(0.25) } },
    async (engine) => {
      for (const z of [0, 2, 4]) {
        const tile = await numbers(engine, at(z, 0, 0, ""));
        assertEquals(tile.values[0], 0.25);
      }
      const png = async (query: string) =>
        (await engine.ticket(at(3, 0, 0, query)).tile()).bytes.length;
      assert(await png("edges=1") > await png("edges=0"));
      assertEquals((await engine.octree(viewOf(engine, ""))).leaves.reduce((a, b) => a + b), 1);
    },
  ));

Deno.test("a pixel of a slice is inspected as the element that it is", () =>
  withTensors({ matrix }, async (engine) => {
    const found = await engine.inspect(viewOf(engine, "axis=y&slice=7"), 5, 222, undefined);
    assertEquals(found.index, [222, 7 * width + 5]);
    assertEquals(found.value, value(5, 7, 222));
    assertEquals(found.cell.count, 1);
    const view = viewOf(engine, "axis=y&slice=7");
    await assertRejects(() => engine.inspect(view, 20, 0, undefined), NotFound, "of 20 × 300");
    await assertRejects(() => engine.inspect(view, 10, 0, 0), NotFound, "cells, 2 a pixel");
    await assertRejects(() => engine.inspect(view, 0, 0, 2), BadRequest, "native zoom 1");
  }));

Deno.test("with it comes the cube that is drawn there: leaf, or as large as the pixel", () =>
  withTensors({ matrix }, async (engine) => {
    const query = "axis=y&slice=7&epsilon=0.4&kappa=1", view = viewOf(engine, query);
    const { epsilon, largest } = await engine.octree(view);
    const alike = await engine.inspect(view, 5, 100, undefined);
    assertEquals([alike.value, alike.cell.count], [0.5, 1]);
    assertEquals(alike.cube, {
      ...{ corner: [0, 0, 64], side: 64, leaf: true, count: width * height * 64 },
      ...{ mean: 0.5, variance: 0, min: 0.5, max: 0.5, epsilon: epsilon / (1 + 0.5 / largest!) },
    });
    // Of a single cell, of one that is NaN, and of 2 × 2 × 2 of which that is one.
    const single = await engine.inspect(
      viewOf(engine, "axis=y&slice=7&epsilon=1e-6"),
      5,
      222,
      undefined,
    );
    assertEquals([single.cube!.side, single.cube!.mean], [1, value(5, 7, 222)]);
    const nan = viewOf(engine, "axis=y&slice=0&epsilon=1000");
    const { cube, special } = await engine.inspect(nan, 5, 40, undefined);
    assertEquals(special, "NaN");
    assertEquals([cube!.corner, cube!.side, cube!.leaf], [[5, 0, 40], 1, true]);
    assertEquals([cube!.mean, cube!.variance, cube!.max, cube!.count], [null, null, null, 0]);

    const coarse = await engine.inspect(nan, 2, 20, 0);
    assertEquals(coarse.index, [40, 4]);
    const cells = Array.from({ length: 8 }, (_, n) => value(4 + (n & 1), n >> 1 & 1, 40 + (n >> 2)))
      .filter(Number.isFinite);
    assertEquals(cells.length, 7);
    const mean = cells.reduce((sum, cell) => sum + cell) / 7;
    const variance = cells.reduce((sum, cell) => sum + (cell - mean) ** 2, 0) / 7;
    const { corner, side, leaf, ...figures } = coarse.cube!;
    assertEquals([corner, side, leaf], [[4, 0, 40], 2, false]);
    assertEquals([figures.count, figures.min, figures.max], [
      ...[7, Math.min(...cells), Math.max(...cells)],
    ]);
    assertAlmostEquals(figures.mean!, mean, 1e-6);
    assertAlmostEquals(figures.variance!, variance, 1e-6);
    const { epsilon: _, ...told } = figures;
    assertEquals(coarse.cell, { ...told, gradient: null, positive: null });
    // The first cell lies before the slice.
    const before = await engine.inspect(view, 2, 120, 0);
    assertEquals([before.index, before.value], [[240, 6 * width + 4], value(4, 6, 240)]);
    const tile = await numbers(engine, at(0, 0, 0, "axis=y&slice=0&epsilon=1000"));
    assertAlmostEquals(tile.values[20 * 256 + 2]!, mean, 1e-6);
  }));

Deno.test("what an octree cannot be of is refused with what it could be", () =>
  withTensors({ matrix, empty: { shape: [0, 4], values: new Float32Array() } }, async (engine) => {
    const refused = (query: string, message: string) =>
      assertThrows(() => viewOf(engine, query), BadRequest, message);
    refused("axis=z&slice=300", "beyond the 300 slices across z");
    refused("slice=-1", "a whole number");
    refused("epsilon=0", "from 0.000001 to 1000000");
    refused("kappa=-1", "from 0 to 1000000");
    refused("tau=x", "a number");
    refused("axes=0|1", 'axis numbers "x|y|z"');
    refused("axes=0|1|2", "each of the 2 axes");
    const empty = () => engine.view("model", "empty", "octree", new URLSearchParams());
    assertThrows(empty, NotFound, "elements: this tensor has none");
    const legend = await engine.legend(viewOf(engine, "axis=x&slice=3"));
    assertEquals(legend.title, "Mean of a cube, slice x = 3");
    assertEquals(legend.special[0]!.count, 1);
  }));
