import { assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { BadRequest, NotFound } from "../../src/errors.ts";
import type { Engine } from "../../src/tile/tile.ts";
import reference from "../../fixtures/reference/captures/digits-cnn.json" with { type: "json" };
import { valuesOf } from "../formats/values.ts";
import { onCapture, withCapture } from "./captures.ts";
import { modelFile } from "./models.ts";
import { whole } from "./pictures.ts";

/** All of a picture of activations, in numbers. */
async function pictureOf(engine: Engine, model: string, layer: string, query: string) {
  const subject = { model, layer, mode: "activations", query: new URLSearchParams(query) };
  const view = engine.view(model, layer, "activations", subject.query);
  return { ...await whole(engine, view.plane, subject, 0), view };
}

/** The activations of a bundled capture, value by value. */
async function valuesIn(engine: Engine, model: string, name: string) {
  const tensor = engine.model(model).tensors.find((tensor) => tensor.name === name)!;
  const values = await valuesOf(tensor);
  const at = (...index: readonly number[]) =>
    values[index.reduce((sum, digit, axis) => sum * tensor.shape[axis]! + digit, 0)]!;
  return { shape: tensor.shape, at };
}

Deno.test("activations: maps of all samples lie row by row, those of one in a mosaic", () =>
  onCapture("digits-cnn", async (engine) => {
    const { at, shape } = await valuesIn(engine, "digits-cnn", "act/conv2");
    assertEquals(shape, [8, 16, 16, 16]);
    const all = await pictureOf(engine, "digits-cnn", "conv2", "");
    assertEquals([all.width, all.height], [256, 128]);
    const one = await pictureOf(engine, "digits-cnn", "conv2", "sample=5");
    assertEquals([one.width, one.height], [64, 64]);
    for (
      const [b, c, y, x] of [[0, 0, 0, 0], [5, 3, 2, 7], [5, 15, 15, 15], [7, 9, 0, 15]] as const
    ) {
      assertEquals(all.values[(b * 16 + y) * 256 + c * 16 + x], at(b, c, y, x));
      if (b !== 5) continue;
      const [row, column] = [Math.floor(c / 4) * 16 + y, c % 4 * 16 + x];
      assertEquals(one.values[row * 64 + column], at(b, c, y, x));
    }
  }));

Deno.test("activations: a point is named by its sample, channel and place", () =>
  onCapture("digits-cnn", async (engine) => {
    const { at } = await valuesIn(engine, "digits-cnn", "act/conv2");
    const inspect = async (query: string, x: number, y: number) => {
      const view = engine.view("digits-cnn", "conv2", "activations", new URLSearchParams(query));
      const { tensor, index, value } = await engine.inspect(view, x, y, undefined);
      return { tensor, index, value };
    };
    assertEquals(await inspect("", 3 * 16 + 7, 5 * 16 + 2), {
      ...{ tensor: "act/conv2", index: [5, 3, 2, 7], value: at(5, 3, 2, 7) },
    });
    assertEquals(await inspect("sample=5", 3 * 16 + 7, 2), {
      ...{ tensor: "act/conv2", index: [5, 3, 2, 7], value: at(5, 3, 2, 7) },
    });
    assertEquals((await inspect("sample=5", 7, 3 * 16 + 2)).index, [5, 12, 2, 7]);
    const mean = await inspect("reduce=mean&over=channels", 7, 2);
    assertEquals([mean.tensor, mean.index], ["act/conv2, mean over channels", [0, 2, 7]]);
  }));

Deno.test("activations: means and variances are those of float64", () =>
  onCapture("digits-cnn", async (engine) => {
    const { at, shape: [samples, channels, side] } = await valuesIn(
      ...[engine, "digits-cnn", "act/conv3"] as const,
    ) as { at: (...index: number[]) => number; shape: [number, number, number] };
    const moments = (values: readonly number[]) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return {
        mean,
        variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length,
      };
    };
    const range = (count: number) => Array.from({ length: count }, (_, i) => i);
    for (const how of ["mean", "variance"] as const) {
      const over = async (what: string) => {
        const query = `reduce=${how}&over=${what}`;
        return await pictureOf(engine, "digits-cnn", "conv3", query);
      };
      const overSamples = await over("samples"); // 24 maps, 4 × 6
      assertEquals([overSamples.width, overSamples.height], [6 * side, 4 * side]);
      const overChannels = await over("channels"); // 8 maps, 2 × 4
      assertEquals([overChannels.width, overChannels.height], [4 * side, 2 * side]);
      const overBoth = await over("both");
      assertEquals([overBoth.width, overBoth.height], [side, side]);
      for (const [i, y, x] of [[0, 0, 0], [3, 4, 5], [7, 7, 7]] as const) {
        const own = moments(range(samples).map((b) => at(b, i, y, x)))[how];
        const place = (Math.floor(i / 6) * side + y) * 6 * side + i % 6 * side + x;
        assertAlmostEquals(overSamples.values[place]!, own, 1e-6 * Math.max(1, own));
        const ofSample = moments(range(channels).map((c) => at(i, c, y, x)))[how];
        const where = (Math.floor(i / 4) * side + y) * 4 * side + i % 4 * side + x;
        assertAlmostEquals(overChannels.values[where]!, ofSample, 1e-6 * Math.max(1, ofSample));
        const ofAll = range(samples).flatMap((b) => range(channels).map((c) => at(b, c, y, x)));
        assertAlmostEquals(overBoth.values[y * side + x]!, moments(ofAll)[how], 1e-5);
      }
    }
  }));

Deno.test("activations: channels' means are those that were computed elsewhere", () =>
  onCapture("digits-cnn", async (engine) => {
    for (const [layer, { channel_mean: expected }] of Object.entries(reference.channel_pca)) {
      const { values, width, height } = await pictureOf(
        ...[engine, "digits-cnn", layer, "reduce=mean"] as const,
      );
      const across = [...Array(expected.length).keys()].findLast((n) =>
        expected.length % (n + 1) === 0 && n + 1 <= Math.sqrt(expected.length)
      )! + 1;
      const columns = expected.length / across, side = width / columns;
      assertEquals(height, across * side);
      for (const [c, mean] of expected.entries()) {
        let sum = 0;
        for (let y = 0; y < side; y++) {
          for (let x = 0; x < side; x++) {
            sum += values[(Math.floor(c / columns) * side + y) * width + c % columns * side + x]!;
          }
        }
        assertAlmostEquals(sum / side ** 2, mean, 1e-5 * Math.max(1, Math.abs(mean)), layer);
      }
    }
  }));

const values = Float32Array.from([1, NaN, 3, 5, Infinity, 7, NaN, NaN, NaN, 2, 2, 2]);

Deno.test("activations: what is not finite is in no mean; where nothing is, there is none", () =>
  withCapture({ "act/a": { shape: [4, 3], values } }, async (engine) => {
    const { values: means } = await pictureOf(engine, "capture", "a", "reduce=mean&over=channels");
    assertEquals([...means.slice(0, 4)], [2, 6, NaN, 2]);
    const { values: spread } = await pictureOf(
      ...[engine, "capture", "a", "reduce=variance&over=channels"] as const,
    );
    assertEquals([...spread.slice(0, 4)], [1, 1, NaN, 0]);
    const { values: overSamples } = await pictureOf(engine, "capture", "a", "reduce=mean");
    assertAlmostEquals(overSamples[0]!, 8 / 3, 1e-6);
  }));

Deno.test("activations: what cannot be shown says what it needs, and what was given", () =>
  withCapture({
    "weight/w": { shape: [2, 2], values: new Float32Array(4) },
    "act/a": { shape: [4, 3], values },
    "act/none": { shape: [0, 3], values: new Float32Array(0) },
  }, (engine) => {
    const open = (layer: string, query: string) => () =>
      engine.view("capture", layer, "activations", new URLSearchParams(query));
    assertMatch(assertThrows(open("w", ""), NotFound).message, /captured activations: "act\/w"/);
    assertMatch(assertThrows(open("none", ""), NotFound).message, /has none/);
    for (
      const [query, message] of [
        ["sample=4", /sample=4 is not among those of "act\/a": 0 to 3/],
        ["sample=-1", /sample=-1 is not a whole number from 0 up$/],
        ["sample=1&reduce=mean", /leaves no samples to reduce: over=channels/],
        ["reduce=median", /reduce=median is not one of none, mean, variance/],
      ] as const
    ) assertMatch(assertThrows(open("a", query), BadRequest).message, message);
    return Promise.resolve();
  }));

Deno.test("activations: a file that changes is drawn as it is then", () =>
  withCapture({ "act/a": { shape: [4, 3], values } }, async (engine, folder) => {
    const query = "reduce=mean&over=channels";
    const before = await pictureOf(engine, "capture", "a", query);
    const other = Float32Array.from({ length: 12 }, (_, i) => 100 + i);
    const file = modelFile({ "act/a": { shape: [4, 3], values: other } });
    await Deno.writeFile(`${folder}/a.safetensors`, file);
    await new Promise((done) => setTimeout(done, 150));
    for (let tries = 0; tries < 50; tries++) {
      try {
        const after = await pictureOf(engine, "capture", "a", query);
        assertEquals([...after.values.slice(0, 4)], [101, 104, 107, 110]);
        assertEquals(before.values[0], 2);
        return;
      } catch (error) {
        if ((error as Error).name !== "Changed") throw error;
        await new Promise((done) => setTimeout(done, 50));
      }
    }
    throw new Error("the file's change was not noticed");
  }));

Deno.test("activations: a mosaic is not taken for the tensor whose name it has", () =>
  withCapture({
    "act/a": { shape: [2, 4, 3, 3], values: Float32Array.from({ length: 72 }, (_, i) => i) },
    "act/b": { shape: [4, 3, 3], values: Float32Array.from({ length: 36 }, (_, i) => i) },
  }, async (engine) => {
    const mosaic = await pictureOf(engine, "capture", "a", "sample=1");
    assertEquals([mosaic.width, mosaic.height], [6, 6]);
    const { values, width, height } = await pictureOf(
      ...[engine, "capture", "a", "sample=1&reduce=mean&over=channels"] as const,
    );
    assertEquals([width, height], [3, 3]);
    // Of the cells 36 + 9c, c from 0 to 3.
    assertEquals([values[0], values[2 * width + 2]], [49.5, 57.5]);

    const plane = (mode: string) => {
      const view = engine.view("capture", "b", mode, new URLSearchParams());
      return [view.plane.width, view.plane.height];
    };
    assertEquals(plane("activations"), [6, 6]);
    assertEquals(plane("weights"), [9, 4]);
  }));

Deno.test("activations: what is empty has a summary of nothing", () =>
  withCapture({
    "act/a": { shape: [2, 0, 5, 5], values: new Float32Array(0) },
    "act/b": { shape: [0, 4], values: new Float32Array(0) },
  }, async (engine) => {
    const model = engine.model("capture");
    for (const layer of ["a", "b"]) {
      const { count, mean } = await engine.summary(model, layer);
      assertEquals([count, mean], [0, null]);
      assertEquals((await engine.sketch(model, layer)).count, 0);
    }
  }));
