import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import convolutions from "../../fixtures/reference/captures/digits-cnn-jacobian.json" with {
  type: "json",
};
import reference from "../../fixtures/reference/captures/digits-mlp.json" with { type: "json" };
import { NotFound } from "../../src/errors.ts";
import { hueAt } from "../../src/modes/hues.ts";
import { createEngine } from "../../src/tile/engine.ts";
import { inFolder } from "../storage/folder.ts";
import { rangeServer, served } from "../storage/servers/range.ts";
import { onCapture } from "./captures.ts";
import { pictureOf, withTensors } from "./jacobians.ts";
import { modelFile } from "./models.ts";
import { whole } from "./pictures.ts";

Deno.test("jacobian: norms, their sum and singular values are those that were computed elsewhere", () =>
  onCapture("digits-mlp", async (engine) => {
    for (const [sample, expected] of reference.jacobian.entries()) {
      for (const layer of ["input", "l4", "act/l4"]) {
        const query = `sample=${sample}`;
        const { values, notes, view } = await pictureOf(engine, "digits-mlp", layer, query);
        assertEquals([view.plane.width, view.plane.height], [28, 28]);
        for (const [i, norm] of expected.field.entries()) {
          assertAlmostEquals(values[29 * i]!, norm, 2e-6 * expected.field_max);
        }
        assertAlmostEquals(values[expected.field_argmax]!, expected.field_max, 2e-6);
        assertAlmostEquals(notes["frobenius"]![0]!, expected.frobenius, 1e-6 * expected.frobenius);
        for (const [i, value] of expected.singular.entries()) {
          assertAlmostEquals(notes["singular"]![i]!, value, 1e-6 * expected.singular[0]!);
        }
        assertEquals(notes["outputs"], [10]);
        assert(notes["difference"]![0]! < 1e-3);
      }
    }
  }));

Deno.test("jacobian: estimates lie within their errors, which are as they were computed elsewhere", () =>
  onCapture("digits-mlp", async (engine) => {
    for (const [sample, expected] of reference.jacobian.entries()) {
      for (const method of ["hutchinson", "projection"]) {
        const query = `sample=${sample}&method=${method}&samples=1024`;
        const { values, notes } = await pictureOf(engine, "digits-mlp", "input", query);
        const [frobenius = 0] = notes["frobenius"]!, [error = 0] = notes["frobenius_error"]!;
        assertAlmostEquals(frobenius, expected.frobenius, 4 * error);
        assert(error < 0.02 * frobenius);
        if (method === "hutchinson") {
          const { hutchinson_deviation: deviation } = expected;
          assertAlmostEquals(notes["deviation"]![0]!, deviation, 0.15 * deviation);
          assertAlmostEquals(error, deviation / 32 / (2 * expected.frobenius), 0.2 * error);
        }
        assertEquals(notes["probes"], [1024]);
        for (const [i, norm] of expected.field.entries()) {
          assertAlmostEquals(values[29 * i]!, norm, 0.2 * norm);
        }
        const [first = 0] = expected.singular;
        assertAlmostEquals(notes["singular_estimated"]![0]!, first, 0.1 * first);
        assertEquals(notes["singular_estimated"]!.length, 10);
      }
    }
  }));

Deno.test("jacobian: rows of single outputs add up to the whole", () =>
  onCapture("digits-mlp", async (engine) => {
    const { values } = await pictureOf(engine, "digits-mlp", "l4", "sample=1");
    const squares = new Float64Array(values.length);
    for (let output = 0; output < 10; output++) {
      const query = `sample=1&output=${output}`;
      const { values: row, notes } = await pictureOf(engine, "digits-mlp", "l4", query);
      assertEquals(notes["singular"]!.length, 1);
      for (const [i, value] of row.entries()) squares[i]! += value ** 2;
    }
    for (const [i, value] of values.entries()) {
      assertAlmostEquals(Math.sqrt(squares[i]!), value, 1e-5);
    }
  }));

Deno.test("jacobian: a network of convolutions is told from its activations, at every step", () =>
  onCapture("digits-cnn", async (engine) => {
    for (const { step, sample, frobenius, singular, field } of convolutions.jacobian) {
      const query = `sample=${sample}&step=${step}`;
      const { values, notes, view } = await pictureOf(engine, "digits-cnn", "fc2", query);
      assertEquals([view.plane.width, view.plane.height], [32, 32]);
      assert(notes["difference"]![0]! < 1e-3);
      for (const [i, norm] of field.entries()) {
        assertAlmostEquals(values[29 * i]!, norm, 2e-6 * frobenius, `${query}, pixel ${29 * i}`);
      }
      assertAlmostEquals(notes["frobenius"]![0]!, frobenius, 1e-6 * frobenius);
      for (const [i, value] of singular.entries()) {
        assertAlmostEquals(notes["singular"]![i]!, value, 1e-6 * singular[0]!);
      }
    }
    // Where there are many outputs, an estimate.
    const { notes } = await pictureOf(engine, "digits-cnn", "conv1", "");
    assertEquals([notes["outputs"], notes["probes"]], [[8192], [64]]);
  }));

Deno.test("jacobian: of the samples it is that of the network's last result, and is called so", () =>
  onCapture("digits-cnn", async (engine) => {
    const [own, last] = await Promise.all(
      ["input", "fc2"].map((layer) => pictureOf(engine, "digits-cnn", layer, "sample=1")),
    );
    assertEquals(own!.values, last!.values);
    const names = await Promise.all(
      [own!, last!].map(async ({ view }) => (await engine.inspect(view, 3, 4, undefined)).tensor),
    );
    const name = 'input, sample 1, Jacobian of "fc2", at most 64 probes';
    assertEquals(names, [name, name]);
    const view = (query: string) =>
      engine.view("digits-cnn", "fc2", "jacobian", new URLSearchParams(query));
    for (
      const [query, words] of [
        ["method=exact", "exact"],
        ["method=hutchinson&samples=7", "hutchinson, 7 probes"],
        ["method=projection&hue=leading", "projection, 64 probes, leading"],
      ]
    ) {
      const { tensor } = await engine.inspect(view(query!), 3, 4, undefined);
      assertEquals(tensor, `input, sample 0, Jacobian of "fc2", ${words}`);
    }
  }));

Deno.test("jacobian: what layers do at a step without activations is told by another step", () =>
  inFolder(async (home) => {
    const folder = `${home}/capture`;
    await Deno.mkdir(folder);
    const two = { shape: [2, 2], values: Float32Array.of(1, -1, 0.5, 2) };
    const fc = (values: number[]) => ({ shape: [2, 2], values: Float32Array.from(values) });
    const files = {
      "a.safetensors": { "weight/fc.weight": fc([5, 0, 0, 1]) },
      "b.safetensors": { "weight/fc.weight": fc([1, 0, 0, 1]), "act/fc": fc([1, 0, 0.5, 2]) },
      "c.safetensors": { "grad/other": two, "weight/other": two },
      "s.safetensors": { input: two },
    };
    for (const [name, tensors] of Object.entries(files)) {
      await Deno.writeFile(`${folder}/${name}`, modelFile(tensors));
    }
    const steps = ["a", "b", "c"].map((name, step) => ({ step, file: `${name}.safetensors` }));
    const about = JSON.stringify({ steps, static: "s.safetensors" });
    await Deno.writeTextFile(`${folder}/capture.json`, about);
    const engine = await createEngine([folder], { workers: 1 });
    try {
      // A ReLU that is open for the first feature alone.
      for (const [step, expected] of [[0, [5, 0]], [1, [1, 0]]] as const) {
        const { values } = await pictureOf(engine, "capture", "fc", `step=${step}`);
        assertEquals([...values], [...expected], `step ${step}`);
      }
      const error = assertThrows(
        () => engine.view("capture", "input", "jacobian", new URLSearchParams()),
        NotFound,
      );
      assertMatch(error.message, /all weights of step 2: "fc.weight" is not there$/);
    } finally {
      await engine.close();
    }
  }));

Deno.test("jacobian: a capture behind a network is followed too", async () => {
  const folder = new URL("../../fixtures/captures/digits-mlp/", import.meta.url);
  const files: Record<string, ReturnType<typeof served>> = {};
  for await (const { name } of Deno.readDir(folder)) {
    files[`/digits-mlp/${name}`] = served(await Deno.readFile(new URL(name, folder)));
  }
  await using server = await rangeServer(files);
  const remote = { policy: { hosts: [], private: true } };
  const engine = await createEngine([`${server.origin}/digits-mlp/capture.json`], {
    workers: 1,
    remote,
  });
  try {
    const { notes } = await pictureOf(engine, engine.models()[0]!.id, "l4", "sample=3");
    const expected = reference.jacobian[3]!.frobenius;
    assertAlmostEquals(notes["frobenius"]![0]!, expected, 1e-6 * expected);
  } finally {
    await engine.close();
  }
});

Deno.test("jacobian: of a product alone it is the weights", async () => {
  const weights = Float32Array.of(3, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2);
  const input = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
  const act = Float32Array.from({ length: 9 }, (_, at) => {
    let sum = 0;
    for (let j = 0; j < 4; j++) {
      sum += input[Math.floor(at / 3) * 4 + j]! * weights[at % 3 * 4 + j]!;
    }
    return sum;
  });
  await withTensors(
    {
      "weight/fc.weight": { shape: [3, 4], values: weights },
      "act/fc": { shape: [3, 3], values: act },
    },
    { input: { shape: [3, 4], values: input } },
    async (engine) => {
      const { values, rgba, notes, view } = await pictureOf(
        engine,
        "capture",
        "fc",
        "sample=1&clip=0",
      );
      // A square of four features.
      assertEquals([...values], [3, 0, 0, Math.fround(Math.hypot(4, 2))]);
      // Roots of those of [[25, 8], [8, 4]].
      for (const [i, sign] of [1, -1].entries()) {
        const value = Math.sqrt((29 + sign * Math.sqrt(697)) / 2);
        assertAlmostEquals(notes["singular"]![i]!, value, 1e-6);
      }
      // Of nothing there is no colour.
      assertEquals([rgba[1], rgba[2]], [0xff000000, 0xff000000]);
      const found = await engine.inspect(view, 1, 1, undefined);
      assertEquals([found.value, found.index], [Math.fround(Math.hypot(4, 2)), [1, 1]]);
      assertMatch(found.tensor, /^input, sample 1, Jacobian of "fc", at most 64 probes$/);
    },
  );
});

Deno.test("jacobian: hues of the leading vector are its sign, and of a pair its angle", () =>
  onCapture("digits-mlp", async (engine) => {
    const hues = async (hue: string) => {
      const query = `sample=1&normalize=none&range=0,1e-9&hue=${hue}`;
      return new Set((await pictureOf(engine, "digits-mlp", "l4", query)).rgba);
    };
    const colour = (angle: number | null) => {
      const rgb = hueAt(angle, 1);
      return (0xff000000 | (rgb & 0xff) << 16 | rgb & 0xff00 | rgb >> 16) >>> 0;
    };
    assertEquals(await hues("leading"), new Set([colour(0), colour(Math.PI)]));
    assertEquals(await hues("none"), new Set([0xffffffff]));
    assert((await hues("pair")).size > 100);
  }));

Deno.test("jacobian: further out, pixels are of blocks' means, in numbers and in hue", () => {
  const [height, width] = [300, 513];
  // Two outputs, the first by the left half alone: hues of the halves are a quarter of the circle apart.
  const weights = Float32Array.from({ length: 2 * width * height }, (_, at) => {
    const isLeft = at % width < 255, isFirst = at < width * height;
    return isLeft === isFirst ? (isFirst ? 2 : 1) : 0;
  });
  const input = new Float32Array(width * height).fill(1 / 256);
  const sum = (from: number) =>
    weights.subarray(from, from + input.length).reduce((total, x) => total + x / 256, 0);
  return withTensors(
    {
      "weight/fc.weight": { shape: [2, width * height], values: weights },
      "act/fc": { shape: [1, 2], values: Float32Array.of(sum(0), sum(input.length)) },
    },
    { input: { shape: [1, height, width], values: input } },
    async (engine) => {
      const query = new URLSearchParams("range=0,2");
      const { plane } = engine.view("capture", "fc", "jacobian", query);
      assertEquals([plane.width, plane.height, plane.nativeZoom], [width, height, 2]);
      const subject = { model: "capture", layer: "fc", mode: "jacobian", query };
      const { values, rgba, width: across } = await whole(engine, plane, subject, 1);
      assertEquals([across, values[0], values[across - 2]], [257, 2, 1]);
      const opaque = (rgb: number) =>
        (0xff000000 | (rgb & 0xff) << 16 | rgb & 0xff00 | rgb >> 16) >>> 0;
      assertEquals(rgba[0], opaque(hueAt(0, 1)));
      assertEquals(rgba[across - 2], opaque(hueAt(Math.PI / 2, 0.5)));
      // Where the halves meet, a block has one column of each.
      assertEquals([values[126], values[127], values[128]], [2, 1.5, 1]);
      assertEquals(rgba[127], opaque(hueAt(Math.atan2(1, 2), 0.75)));
    },
  );
});

Deno.test("jacobian: norms beyond float32's range are marked and counted, and the others drawn", () =>
  withTensors(
    {
      "weight/fc.weight": { shape: [2, 2], values: Float32Array.of(3e38, 1e38, 3e38, 2e38) },
      "act/fc": { shape: [1, 2], values: Float32Array.of(4e8, 5e8) },
    },
    { input: { shape: [1, 2], values: Float32Array.of(1e-30, 1e-30) } },
    async (engine) => {
      const { values, rgba, legend } = await pictureOf(engine, "capture", "fc", "clip=0");
      assertEquals(values[0], Infinity);
      assertAlmostEquals(values[1]! / 1e38, Math.sqrt(5), 1e-6);
      // Yellow, as little-endian ABGR.
      assertEquals(rgba[0], 0xff00ffff);
      assert(rgba[1] !== rgba[0]);
      const counts = legend.special.map(({ name, count }) => [name, count]);
      assertEquals(counts, [["NaN", 0], ["+∞", 1], ["−∞", 0]]);
    },
  ));

Deno.test("jacobian: a legend tells of brightness in numbers, of hues, and how it was found", () =>
  onCapture("digits-mlp", async (engine) => {
    const { legend, values } = await pictureOf(engine, "digits-mlp", "input", "sample=2&clip=0");
    assertEquals([legend.title, legend.style], ["‖∂y/∂x‖, sample 2", "scientific"]);
    assertEquals(legend.normalization, "brightness: linear from min to max");
    assertAlmostEquals(legend.ramp!.stops.at(-1)!.value, Math.max(...values), 1e-6);
    assertEquals(legend.hues!.colors.length, 49);
    assertMatch(legend.hues!.about, /atan2\(σ₂v₂, σ₁v₁\)/);
    const plain = await pictureOf(
      engine,
      "digits-mlp",
      "input",
      "hue=none&output=3&method=hutchinson",
    );
    assertEquals(plain.legend.hues, undefined);
    assertEquals(plain.legend.title, "|∂y/∂x|, output 3, sample 0, 64 probes");
  }));

Deno.test("jacobian: what is put in is scaled and shifted as the capture says", () =>
  withTensors(
    {
      "weight/fc.weight": { shape: [1, 2], values: Float32Array.of(2, 3) },
      // ReLU(2·(a/4 − 1) + 3·(b/4 − 1))
      "act/fc": { shape: [3, 1], values: Float32Array.of(0, 0.5, 5) },
    },
    { input: { shape: [3, 2], values: Float32Array.of(4, 3, 5, 4, 8, 8) } },
    async (engine) => {
      for (const [sample, expected] of [[0, [0, 0]], [1, [2, 3]], [2, [2, 3]]] as const) {
        const { values } = await pictureOf(engine, "capture", "fc", `sample=${sample}`);
        assertEquals([...values], [...expected]);
      }
    },
    { input_scale: 0.25, input_shift: -1 },
  ));
