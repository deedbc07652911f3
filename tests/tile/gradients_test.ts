import { assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { NotFound } from "../../src/errors.ts";
import { openModel } from "../../src/model/open.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { valuesOf } from "../formats/values.ts";
import { onCapture, withCapture } from "./captures.ts";
import { whole } from "./pictures.ts";

const digits = new URL("../../fixtures/captures/digits-cnn", import.meta.url).pathname;

/** A capture whose weight "w" of the given shape has this gradient. */
function withGradient(
  shape: readonly [number, number],
  gradient: readonly number[],
  test: (engine: Engine) => Promise<void>,
) {
  const values = Float32Array.from(gradient);
  return withCapture({
    "weight/w": { shape, values: new Float32Array(values.length) },
    "grad/w": { shape, values },
  }, test);
}

Deno.test("gradients: every pixel is the captured derivative, at the step that is asked for", () =>
  onCapture("digits-cnn", async (engine) => {
    const model = await openModel(digits);
    for (const step of [0, 400]) {
      const query = new URLSearchParams({ step: String(step) });
      const view = engine.view("digits-cnn", "fc1", "gradients", query);
      assertEquals(view.tensor, "grad/fc1.weight");
      const subject = { model: "digits-cnn", layer: "fc1", mode: "gradients", query };
      const { values } = await whole(engine, view.plane, subject, 0);
      const tensor = model.at(step).tensors.find(({ name }) => name === "grad/fc1.weight")!;
      assertEquals(values, Float32Array.from(await valuesOf(tensor)));
    }
    model.close();
  }));

Deno.test("gradients: a bias is named, a gradient names itself, what has none says what it lacks", () =>
  onCapture("digits-cnn", (engine) => {
    const query = new URLSearchParams();
    const tensorOf = (layer: string) => engine.view("digits-cnn", layer, "gradients", query).tensor;
    assertEquals(tensorOf("conv2.bias"), "grad/conv2.bias");
    assertEquals(tensorOf("grad/conv2.bias"), "grad/conv2.bias");
    const error = assertThrows(() => tensorOf("input"), NotFound);
    assertMatch(error.message, /cannot show "input": it needs a captured gradient/);
    return Promise.resolve();
  }));

Deno.test("slopes: hue is where values grow, saturation how fast, brightness how large they are", () =>
  // In the middle of each row neighbours are 1 and 3: slopes of 1 to the right.
  withGradient([3, 3], [1, 2, 3, 1, 2, 3, 1, 2, 3], async (engine) => {
    const id = "capture";
    const query = new URLSearchParams({ hsv: "1" });
    const { plane } = engine.view(id, "w", "gradients", query);
    const subject = { model: id, layer: "w", mode: "gradients", query };
    const { values, rgba } = await whole(engine, plane, subject, 0);
    assertEquals([...values], new Array(9).fill(1)); // one-sided at the edges
    const robust = 1.4826; // medians: 2 of the values, 1 of their distances from it
    const [saturation, brightness] = [Math.tanh(1 / robust), Math.tanh(2 / robust)];
    const middle = rgba[4]!;
    assertAlmostEquals(middle & 255, 255 * brightness, 1);
    assertAlmostEquals(middle >> 8 & 255, 255 * brightness * (1 - saturation), 1);
    assertEquals(middle >> 16 & 255, middle >> 8 & 255);
    const legend = await engine.legend(engine.view(id, "w", "gradients", query));
    assertMatch(legend.normalization, /hue atan2.*tanh\(\|∇\| \/ 1\.483\)/);
  }));

Deno.test("slopes: down is a quarter of the circle on from right; what is not finite is black", () =>
  withGradient([3, 3], [1, 1, 1, 2, NaN, 2, 3, 3, 3], async (engine) => {
    const id = "capture";
    const query = new URLSearchParams({ hsv: "1" });
    const subject = { model: id, layer: "w", mode: "gradients", query };
    const { plane } = engine.view(id, "w", "gradients", query);
    const { rgba, values } = await whole(engine, plane, subject, 0);
    const [red, green, blue] = [0, 8, 16].map((shift) => rgba[3]! >> shift & 255);
    assertEquals([green! > red!, red! > blue!], [true, true]);
    assertAlmostEquals(red!, (green! + blue!) / 2, 1);
    assertEquals([rgba[4], Number.isNaN(values[4])], [0xff000000, true]);
  }));

Deno.test("slopes: tiles agree at their seams, at every zoom", async () => {
  const side = 600;
  const values = Float32Array.from(
    { length: side * side },
    (_, i) => Math.sin(i % side / 9) + Math.cos(Math.floor(i / side) / 13),
  );
  await withGradient([side, side], [...values], async (engine) => {
    const id = "capture";
    const query = new URLSearchParams({ hsv: "1" });
    const subject = { model: id, layer: "w", mode: "gradients", query };
    const { plane } = engine.view(id, "w", "gradients", query);
    for (const log2 of [0, 1]) {
      const { values: found, width, height } = await whole(engine, plane, subject, log2);
      const mean = (x: number, y: number) => {
        let sum = 0;
        for (let i = 0; i < 4 ** log2; i++) {
          sum += values[(y * 2 ** log2 + (i >> log2)) * side + x * 2 ** log2 + i % 2 ** log2]!;
        }
        return sum / 4 ** log2;
      };
      for (const y of [1, 127, 255, 256, height - 2]) {
        for (const x of [1, 128, 255, 256, width - 2]) {
          const dx = (mean(x + 1, y) - mean(x - 1, y)) / 2;
          const dy = (mean(x, y + 1) - mean(x, y - 1)) / 2;
          const message = `${log2}: ${x}, ${y}`;
          assertAlmostEquals(found[y * width + x]!, Math.hypot(dx, dy), 1e-5, message);
        }
      }
    }
  });
});
