import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { NotFound } from "../../src/errors.ts";
import { describeLayer, describeModel } from "../../src/tile/describe.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { numbers, tileAt } from "./models.ts";

const fixtures = new URL("../../fixtures/gguf/", import.meta.url);
const expected = JSON.parse(await Deno.readTextFile(new URL("expected.json", fixtures)));

async function withModel(name: string, test: (engine: Engine) => Promise<void> | void) {
  const engine = await createEngine([new URL(`${name}.gguf`, fixtures).pathname], { workers: 1 });
  try {
    await test(engine);
  } finally {
    await engine.close();
  }
}

/** The first cells of the only tile: rows of `width`. */
async function cells(engine: Engine, model: string, layer: string, width: number, rows: number) {
  const { values, width: pitch } = await numbers(engine, tileAt(layer, [0, 0, 0], "", { model }));
  const row = (y: number) => [...values.subarray(y * pitch, y * pitch + width)];
  return Array.from({ length: rows }, (_, y) => row(y)).flat();
}

const near = (found: readonly number[], wanted: readonly number[]) => {
  assertEquals(found.length, wanted.length);
  found.forEach((value, i) => assertAlmostEquals(value, wanted[i]!, 1e-6 * Math.abs(wanted[i]!)));
};

Deno.test("the scales of quantized blocks are drawn, summarised and inspected by their name", () =>
  withModel("types", async (engine) => {
    for (const type of ["Q8_0", "Q4_K", "Q6_K", "NVFP4"]) {
      const name = `${type}:scale`;
      const { values, shape } = expected["types"][type].scale;
      const [, , width] = shape;
      near(await cells(engine, "types", name, width, 4), values);
      const summary = await engine.summary(engine.model("types"), name);
      assertEquals(summary.count, values.length);
      near([summary.max!], [Math.max(...values)]);
      const view = engine.view("types", name, "weights", new URLSearchParams());
      assertEquals([view.tensor, view.layer!.name, view.plane.width], [name, type, width]);
      const { tensor, value } = await engine.inspect(view, 1, 2, undefined);
      assertEquals(tensor, name);
      near([value!], [values[2 * width + 1]]);
    }
  }));

Deno.test("views are described beside the tensors they look at, and not counted among them", () =>
  withModel("types", (engine) => {
    const model = engine.model("types");
    const body = describeModel(model, engine.modes());
    assert(body.views.some(({ name }) => name === "Q4_1:min"));
    assert(body.tensors.every(({ name }) => !name.includes(":")));
    const { layer, tensor } = engine.layer(model, "Q4_1:min");
    const described = describeLayer(model, layer, tensor, engine.modes());
    assertEquals(described.views.map(({ name }) => name), ["Q4_1:scale", "Q4_1:min"]);
    assertEquals([described.name, described.tensor, described.dtype], [tensor, tensor, "F16"]);
    assertThrows(() => engine.layer(model, "Q4_1:max"), NotFound);
    assertThrows(() => engine.layer(model, "F32:scale"), NotFound);
  }));

Deno.test("queries are drawn with the halves of each head apart, and say so", () =>
  withModel("llama", async (engine) => {
    const name = "blk.0.attn_q.weight";
    const { column } = expected["llama"][name];
    const values = await cells(engine, "llama", name, 64, 32);
    near(column.map((_: number, row: number) => values[row * 64]!), column);
    const view = engine.view("llama", name, "weights", new URLSearchParams());
    for (const row of [1, 9, 30]) {
      const { value, index } = await engine.inspect(view, 0, row, undefined);
      near([value!], [column[row]]);
      assertEquals(index, [row, 0]);
    }
    const body = describeModel(engine.model("llama"), engine.modes());
    assertEquals(body.tensors.map(({ note }) => note?.slice(0, 16)), [
      "each head's rows",
      "each head's rows",
      undefined,
      "each head's rows",
      "each head's rows",
    ]);
    const bias = "blk.0.attn_q.bias";
    // 32 elements in rows of a head, which is 8.
    near(await cells(engine, "llama", bias, 8, 4), expected["llama"][bias].column);
    const summary = await engine.summary(engine.model("llama"), name);
    const norm = Math.hypot(...values.slice(0, 64));
    assertAlmostEquals(summary.channel_norms![0]!, norm, 1e-5 * norm);
  }));
