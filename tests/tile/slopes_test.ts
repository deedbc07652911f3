import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { NOT_A_NUMBER } from "../../src/compute/ops.ts";
import { palette } from "../../src/modes/colour.ts";
import type { Engine } from "../../src/tile/tile.ts";
import reference from "../../fixtures/reference/captures/slopes.json" with { type: "json" };
import { onCapture, withCapture } from "./captures.ts";
import { inFolder } from "../storage/folder.ts";
import { ingesting, until } from "./large.ts";
import { hash, modelFile } from "./models.ts";
import { pixels } from "./pictures.ts";

/** By step, weight and log2 of the blocks' side: NumPy's means of |dL/dW|, rows of them. */
const means: Record<string, Record<string, Record<string, number[][]>>> = reference;

/** The packed pixels of a tile, and what is said of it. */
async function packed(engine: Engine, layer: string, place: readonly number[], query = "") {
  const [z = 0, x = 0, y = 0] = place;
  const { id } = engine.models()[0]!;
  const address = { model: id, layer, mode: "stats", z, x, y, density: 1, format: "bin" } as const;
  const { bytes, headers } = await engine.ticket({ ...address, query: new URLSearchParams(query) })
    .tile();
  return { bytes, says: headers["Synaptile-Gradient"] };
}

const viewOf = (engine: Engine, layer: string, query = "", mode = "stats") =>
  engine.view(engine.models()[0]!.id, layer, mode, new URLSearchParams(query));

Deno.test("|∇| is the captured gradient's at that step: block means as NumPy finds them", () =>
  onCapture("digits-cnn", async (engine) => {
    for (const [step, layers] of Object.entries(means)) {
      for (const [layer, zooms] of Object.entries(layers)) {
        const view = viewOf(engine, layer, `step=${step}`);
        for (const [log2, rows] of Object.entries(zooms)) {
          const z = view.plane.nativeZoom - Number(log2);
          for (const [y, row] of rows.entries()) {
            for (const [x, mean] of row.entries()) {
              const { cell, slopes } = await engine.inspect(view, x, y, z);
              const text = `${layer} at step ${step}: ${x}, ${y} of ${2 ** Number(log2)}`;
              assertEquals(slopes, "captured");
              assertAlmostEquals(cell.gradient!, mean, 1e-5 * mean + 1e-12, text);
            }
          }
        }
      }
    }
  }));

Deno.test("blue is tanh(α·|dL/dW|/s) times its gain, as the header and the legend say", () =>
  onCapture("digits-cnn", async (engine) => {
    for (const [query, gain] of [["", 1], ["gain=40", 40], ["gain=0.25", 0.25]] as const) {
      const view = viewOf(engine, "conv2", query);
      const { bytes, says } = await packed(engine, "conv2", [0, 0, 0], query);
      const { channels, normalization } = await engine.legend(view);
      assertEquals([says, view.slopes], ["captured", "captured"]);
      assertMatch(normalization, /∇ is the captured dL\/dW/);
      const { about } = channels![2]!;
      const factor = Number(about.match(/^255·tanh\(([\d.]+)·\|∇\|\), captured$/)![1]);
      let spread = 0;
      for (const [y, row] of means["400"]!["conv2.weight"]!["0"]!.entries()) {
        for (const [x, mean] of row.entries()) {
          const blue = bytes[4 * (y * 256 + x) + 2]!;
          assertAlmostEquals(blue, 255 * Math.tanh(factor * mean), 0.51 + 0.001 * factor * mean);
          spread = Math.max(spread, blue);
        }
      }
      assertEquals(spread > 100, gain > 1, `${gain}: ${spread}`);
    }
  }));

Deno.test("layers without a gradient keep the spatial difference, as what is compared does", () =>
  onCapture("digits-cnn", async (engine) => {
    const gradient = async (layer: string, query: string, mode: string) => {
      const view = viewOf(engine, layer, query, mode);
      const { slopes, cell } = await engine.inspect(view, 1, 0, undefined);
      assertEquals(view.slopes, slopes);
      return { slopes, gradient: cell.gradient! };
    };
    const own = await gradient("fc1", "step=10", "weights");
    assertEquals(own.slopes, "captured");
    // Of a gradient itself there is none.
    assertEquals((await gradient("grad/fc1.weight", "step=10", "stats")).slopes, "spatial");
    assertEquals((await gradient("fc1", "step=10", "gradients")).slopes, "spatial");
    const compared = await gradient(
      "fc1",
      "step=10&against=digits-cnn&against_step=400",
      "weights",
    );
    assertEquals(compared.slopes, "spatial");
    assert(compared.gradient !== own.gradient);
    assertEquals((await packed(engine, "act/conv1", [0, 0, 0])).says, "spatial");
    assertEquals(viewOf(engine, "_", "", "map").slopes, "captured");
    assertEquals(viewOf(engine, "_", "against=digits-cnn", "map").slopes, "spatial");
  }));

Deno.test("opened cells show captured gradients by their decades", () => {
  const values = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9); // s = 1.4826 · 2
  const s = 1.4826 * 2;
  const slopes = Float32Array.of(s, s / 10, -s / 100, s / 1000, s / 1e4, s / 1e6, 0, 100 * s, NaN);
  const shape = [3, 3];
  const tensors = {
    "weight/w": { shape, values },
    "grad/w": { shape, values: slopes },
    "weight/v": { shape, values },
  };
  return withCapture(tensors, async (engine) => {
    const oranges = palette("oranges");
    const colourOf = (entry: number) => [...oranges.subarray(4 * entry, 4 * entry + 3)];
    const query = new URLSearchParams("microcell=2");
    const pixel = async (layer: string, cell: number) => {
      // 16 pixels a cell: the third of four parts lies below on the left.
      const address = { model: "capture", layer, mode: "weights", z: 4, x: 0, y: 0 } as const;
      const ticket = engine.ticket({ ...address, density: 1, format: "png", query });
      const { rgba } = await pixels((await ticket.tile()).bytes);
      const word = rgba[(16 * Math.floor(cell / 3) + 10) * 256 + 16 * (cell % 3) + 4]!;
      return [word & 255, word >> 8 & 255, word >> 16 & 255];
    };
    const entries = [250, 188, 125, 62, 0, 0, 0, 250, NOT_A_NUMBER];
    for (const [cell, entry] of entries.entries()) {
      const [found, wanted] = [await pixel("w", cell), colourOf(entry)];
      for (const [i, level] of found.entries()) assertAlmostEquals(level, wanted[i]!, 4, `${cell}`);
    }
    const middle = Math.hypot(1, 3) / s;
    assertEquals(await pixel("v", 4), colourOf(Math.round(250 * Math.tanh(middle))));
    const said = async (layer: string, mode = "weights") =>
      (await engine.legend(viewOf(engine, layer, "", mode))).microcells![2]!.name;
    assertEquals(await said("w"), "captured gradient: log₁₀(|dL/dW| / s), −4 to 0");
    assertEquals(await said("v"), "gradient: tanh(|∇| / s)");
    assertMatch(await said("_", "map"), /tanh.* where captured, log/);
    assertEquals(viewOf(engine, "_", "", "map").slopes, "spatial, captured");
  });
});

const height = 90, width = 9000;
const weights = Float32Array.from({ length: width * height }, (_, i) => hash(i) - 0.5);
const gradient = Float32Array.from(
  { length: width * height },
  (_, i) => i % 9973 === 5 ? [NaN, Infinity, -Infinity][i % 3]! : (hash(3 * i) - 0.4) * i / 1e6,
);

for (const where of ["before its pyramid is there", "once it is"]) {
  Deno.test(`sums of |dL/dW| are exact at every zoom and at seams, ${where}`, () => {
    const shape = [height, width];
    const tensors = {
      "weight/w": { shape, values: weights },
      "grad/w": { shape, values: gradient },
    };
    return withCapture(tensors, async (engine) => {
      const view = viewOf(engine, "w");
      const { nativeZoom } = view.plane;
      assertEquals(nativeZoom, 6);
      if (where === "once it is") await packed(engine, "w", [0, 0, 0]);
      for (let z = nativeZoom; z >= 0; z--) {
        const side = 2 ** (nativeZoom - z);
        const across = Math.ceil(width / side), down = Math.ceil(height / side);
        for (const y of [0, 1, 255, 256, down - 1].filter((y) => y < down)) {
          for (const x of [0, 127, 128, 255, 256, across - 1].filter((x) => x < across)) {
            let sum = 0, count = 0;
            for (let cy = y * side; cy < Math.min(height, (y + 1) * side); cy++) {
              for (let cx = x * side; cx < Math.min(width, (x + 1) * side); cx++, count++) {
                const slope = Math.abs(gradient[cy * width + cx]!);
                if (Number.isFinite(slope)) sum += slope;
              }
            }
            const { cell } = await engine.inspect(view, x, y, z);
            assertEquals(cell.count, count);
            assertAlmostEquals(cell.gradient!, sum / count, 1e-5 * sum / count + 1e-12);
          }
        }
        // Pixels on both sides of the seam between tiles.
        for (const x of [255, 256]) {
          if (x >= across) continue;
          const { bytes } = await packed(engine, "w", [z, x >> 8, 0]);
          const { cell } = await engine.inspect(view, x, 1, z);
          const blue = bytes[4 * (256 + x % 256) + 2]!;
          assertAlmostEquals(blue, 255 * Math.tanh(cell.gradient! / robust), 0.52);
        }
      }
    });
  });
}

/** 1.4826 · MAD of the weights, sorted. */
const robust = (() => {
  const middle = (values: Float32Array) => {
    const sorted = values.toSorted(), half = sorted.length / 2;
    return (sorted[half - 1]! + sorted[half]!) / 2;
  };
  const median = middle(weights);
  return 1.4826 * middle(weights.map((x) => Math.abs(x - median)));
})();

Deno.test("a store that is made of a capture has the captured gradients", () =>
  inFolder(async (folder) => {
    const shape = [2100, 2000], path = `${folder}/model`;
    const made = (seed: number) =>
      Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => hash(i + seed) - 0.4);
    const own = made(1), slopes = made(2);
    await Deno.mkdir(path);
    const tensors = { "weight/w": { shape, values: own }, "grad/w": { shape, values: slopes } };
    await Deno.writeFile(`${path}/a.safetensors`, modelFile(tensors));
    const steps = [{ step: 0, file: "a.safetensors" }];
    await Deno.writeTextFile(`${path}/capture.json`, JSON.stringify({ steps }));
    await ingesting(path, `${folder}/store`, async (engine) => {
      await until(engine, "done");
      const view = viewOf(engine, "w");
      for (const [log2, x, y] of [[4, 0, 0], [4, 100, 130], [3, 249, 7], [1, 400, 1049]] as const) {
        const side = 2 ** log2;
        const { cell, slopes: kind } = await engine.inspect(
          view,
          x,
          y,
          view.plane.nativeZoom - log2,
        );
        let sum = 0, count = 0;
        for (let cy = y * side; cy < Math.min(2100, (y + 1) * side); cy++) {
          for (let cx = x * side; cx < Math.min(2000, (x + 1) * side); cx++, count++) {
            sum += Math.abs(slopes[cy * 2000 + cx]!);
          }
        }
        assertEquals([kind, cell.count], ["captured", count]);
        assertAlmostEquals(cell.gradient!, sum / count, 1e-5);
      }
    });
  }));
