import { assertEquals, assertThrows } from "@std/assert";
import { BadRequest } from "../../src/errors.ts";
import { blendOnce } from "../../src/modes/blend.ts";
import { type Content, hash, numbers, tileAt, withTensors } from "./models.ts";

const width = 600, height = 530;
/** Rows are turns of each other, so that all channels have the same norm. */
const turned: Content = {
  shape: [height, width],
  values: Float32Array.from({ length: width * height }, (_, i) => {
    return hash((i % width + 7 * Math.floor(i / width)) % width) - 0.4;
  }),
};

function whole(cells: Float32Array, across: number, down: number, lambda: number, depth: number) {
  const values = cells.slice();
  for (let time = 0; time < depth; time++) blendOnce(values, across, down, lambda);
  return values;
}

Deno.test("blended tiles are cut from the blended plane, without seams, at native zoom and further out", () =>
  withTensors({ turned }, async (engine) => {
    const plain = async (z: number, across: number, down: number) => {
      const cells = new Float32Array(across * down);
      for (let y = 0; y * 256 < down; y++) {
        for (let x = 0; x * 256 < across; x++) {
          const tile = await numbers(
            engine,
            tileAt("turned", [z, x, y], "scientific=0", { crop: true }),
          );
          for (let row = 0; row < tile.height; row++) {
            const line = tile.values.subarray(row * tile.width, (row + 1) * tile.width);
            cells.set(line, (y * 256 + row) * across + x * 256);
          }
        }
      }
      return cells;
    };
    for (const [z, across, down] of [[2, width, height], [1, width / 2, height / 2]] as const) {
      const cells = await plain(z, across, down);
      for (const [lambda, depth] of [[0.5, 1], [0.25, 3], [0, 8]] as const) {
        const expected = whole(cells, across, down, lambda, depth);
        const query = `scientific=0&blend=${lambda}&blend_depth=${depth}`;
        for (let y = 0; y * 256 < down; y++) {
          for (let x = 0; x * 256 < across; x++) {
            const tile = await numbers(engine, tileAt("turned", [z, x, y], query, { crop: true }));
            for (let row = 0; row < tile.height; row++) {
              const from = (y * 256 + row) * across + x * 256;
              assertEquals(
                tile.values.subarray(row * tile.width, (row + 1) * tile.width),
                expected.subarray(from, from + tile.width),
                `row ${row} of tile ${z}/${x}/${y}, λ = ${lambda}, ${depth} times`,
              );
            }
          }
        }
      }
    }
  }));

Deno.test("zoomed in, closed cells show what they were blended to", () =>
  withTensors({ turned }, async (engine) => {
    const query = "scientific=0&blend=0.3&blend_depth=2";
    const near = await numbers(engine, tileAt("turned", [3, 1, 1], query));
    const native = await numbers(engine, tileAt("turned", [2, 0, 0], query));
    for (const [x, y] of [[0, 0], [255, 0], [17, 200]] as const) {
      const cell = native.values[(128 + (y >> 1)) * 256 + 128 + (x >> 1)];
      assertEquals(near.values[y * 256 + x], cell, `pixel ${x}, ${y}`);
    }
  }));

Deno.test("blending distorts: it needs scientific=0, is called artistic, and stands in the legend", () =>
  withTensors({ turned }, async (engine) => {
    const view = (query: string) =>
      engine.view("model", "turned", "weights", new URLSearchParams(query));
    const refused = assertThrows(() => view("blend=0.5"), BadRequest, "scientific=0");
    assertEquals(refused.details["parameter"], "blend");
    assertThrows(() => view("scientific=0&blend=1.5"), BadRequest, "from 0 to 1");
    assertThrows(() => view("scientific=0&blend_depth=9"), BadRequest, "from 1 to 8");
    const legend = await engine.legend(view("scientific=0&blend=0.5&blend_depth=3"));
    assertEquals(legend.style, "artistic");
    assertEquals(legend.title.endsWith("blended 3× by λ = 0.5"), true);
    assertThrows(
      () => engine.view("model", "_", "map", new URLSearchParams("blend=0.5")),
      BadRequest,
      'unknown parameter "blend"',
    );
  }));
