import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BadRequest } from "../../src/errors.ts";
import { planeOf } from "./evolved.ts";
import {
  type Content,
  hash,
  numbers,
  tileAt,
  withFolder,
  withTensors,
  writeRows,
} from "./models.ts";

const width = 600, height = 530;
const jagged: Content = {
  shape: [height, width],
  values: Float32Array.from({ length: width * height }, (_, i) => {
    if (i === 5 * width + 300) return NaN;
    return (0.3 + hash(Math.floor(i / width))) * (hash(i) - 0.45);
  }),
};

/** A step as SPEC has it, in float64. */
function step(
  x: Float64Array,
  weight: (row: number) => number,
  edges: string,
  { alpha, beta }: { alpha: number; beta: number },
) {
  const at = (column: number, row: number) => {
    const inside = column >= 0 && column < width && row >= 0 && row < height;
    if (edges === "zero" && !inside) return 0;
    if (edges === "wrap") return x[((row + height) % height) * width + (column + width) % width]!;
    const [a, b] = [
      Math.min(width - 1, Math.max(0, column)),
      Math.min(height - 1, Math.max(0, row)),
    ];
    return x[b * width + a]!;
  };
  return Float64Array.from(x, (value, i) => {
    const column = i % width, row = Math.floor(i / width);
    let sum = -value;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) sum += at(column + dx, row + dy);
    }
    return Math.tanh((value + alpha * (sum / 8 - value)) * (1 + beta * weight(row)));
  });
}

const rowNorms = Array.from({ length: height }, (_, y) => {
  const row = jagged.values.subarray(y * width, (y + 1) * width).filter(Number.isFinite);
  return Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
});
const weightOf = (row: number) => rowNorms[row]! / Math.max(...rowNorms);

Deno.test("an automaton's tiles together are the plane that brute force makes, whatever its edges", () =>
  withTensors({ jagged }, async (engine) => {
    const size = [width, height];
    const first = await planeOf(engine, "jagged", 2, size, "t=0");
    const scale = (await engine.legend(
      engine.view("model", "jagged", "automaton", new URLSearchParams("t=0")),
    )).normalization.match(/s = ([\d.e-]+)/)![1]!;
    for (const i of [0, 7, 1000, width * height - 1]) {
      assertAlmostEquals(first[i]!, jagged.values[i]! / Number(scale), 1e-3);
    }
    assertEquals(first[5 * width + 300], 0);
    for (const edges of ["clamp", "wrap", "zero"]) {
      let expected = Float64Array.from(first);
      for (let t = 1; t <= 7; t++) {
        expected = step(expected, weightOf, edges, { alpha: 0.4, beta: 0.6 });
        if (t !== 1 && t !== 7) continue;
        const found = await planeOf(
          engine,
          "jagged",
          2,
          size,
          `t=${t}&edges=${edges}&alpha=0.4&beta=0.6`,
        );
        let worst = 0;
        const off = (i: number) => Math.abs(found[i]! - expected[i]!);
        for (let i = 0; i < found.length; i++) if (!(off(i) <= off(worst))) worst = i;
        const place = `${worst % width}, ${Math.floor(worst / width)}`;
        assert(off(worst) < 2e-5, `${edges}, t = ${t}: off by ${off(worst)} at ${place}`);
      }
    }
  }));

Deno.test("an automaton starts from the zoom's own cells, and stands still in closed cells further in", () =>
  withTensors({ jagged }, async (engine) => {
    const query = (field: string) => `t=0&field=${field}`;
    const get = (z: number, x: number, y: number, query: string) =>
      numbers(engine, tileAt("jagged", [z, x, y], query, { mode: "automaton" }));
    const means = await get(1, 0, 0, query("mean"));
    const cells = await planeOf(engine, "jagged", 2, [width, height], "t=0");
    const block = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([x, y]) =>
      cells[(20 + y!) * width + 10 + x!]!
    );
    const mean = block.reduce((a, b) => a + b) / 4;
    assertAlmostEquals(means.values[10 * 256 + 5]!, mean, 1e-5);
    const spread = Math.sqrt(block.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4);
    assertAlmostEquals((await get(1, 0, 0, query("variance"))).values[10 * 256 + 5]!, spread, 1e-5);
    assertAlmostEquals((await get(2, 0, 0, query("weight"))).values[33 * 256]!, weightOf(33), 1e-5);

    const native = await get(2, 1, 1, "t=9"), near = await get(4, 5, 6, "t=9");
    for (const [x, y] of [[0, 0], [255, 0], [9, 255]] as const) {
      const cell = native.values[(128 + (y >> 2)) * 256 + 64 + (x >> 2)];
      assertEquals(near.values[y * 256 + x], cell, `pixel ${x}, ${y}`);
    }
  }));

Deno.test("steps that cannot be taken are refused with the limit", async () => {
  await withTensors({ jagged }, (engine) => {
    const refused = (query: string, message: string) =>
      assertThrows(
        () => engine.view("model", "jagged", "automaton", new URLSearchParams(query)),
        BadRequest,
        message,
      );
    refused("t=4097", "a whole number from 0 to 4096");
    refused("t=-1", "from 0 to 4096");
    refused("t=1.5", "a whole number");
    refused("beta=NaN", "from -2 to 2");
    refused("edges=torus", "one of clamp, wrap, zero");
    refused("normalize=tanh", "unknown parameter");
    return Promise.resolve();
  });
  await withFolder(
    (folder) =>
      writeRows(`${folder}/model.safetensors`, 16384, new Uint8Array(16384).fill(1, 0, 9)),
    { workers: 1 },
    async (engine) => {
      const far = tileAt("matrix", [6, 30, 30], "t=4096&beta=0", { mode: "automaton" });
      await assertRejects(() => numbers(engine, far), BadRequest, "fewer steps, or zoom out");
    },
  );
});
