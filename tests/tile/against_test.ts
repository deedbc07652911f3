import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { BadRequest, Changed } from "../../src/errors.ts";
import { createEngine } from "../../src/tile/engine.ts";
import { type Content, failure, hash, modelFile, numbers, tileAt } from "./models.ts";
import { safetensorsFile } from "../formats/build.ts";
import { comparedAt, eights, halves, plane, withPair, withTuned } from "./pair.ts";

const fixture = (path: string) => fileURLToPath(new URL(`../../fixtures/${path}`, import.meta.url));

const width = 640, height = 600;
const shape = [height, width];
const values = (seed: number) =>
  Float32Array.from({ length: width * height }, (_, i) => {
    if (i % 1013 === seed) return [NaN, Infinity, -Infinity, 0, -0][i % 5]!;
    return (hash(i + seed) - 0.5) * (1 + i / 1e5);
  });
const one = values(1), other = values(2);

/** In float64; rounded, where the comparison is. */
const oracle = {
  difference: (a: number, b: number) => Math.fround(a - b),
  ratio: (a: number, b: number) => Math.log2(Math.abs(a) / Math.abs(b)),
  signs: (a: number, b: number) => Number.isNaN(a) || Number.isNaN(b) ? NaN : a * b < 0 ? 1 : 0,
};
type How = keyof typeof oracle;
const all = Object.keys(oracle) as How[];

function assertNear(got: number, want: number, slack: number, text: string): void {
  if (Number.isFinite(want)) assertAlmostEquals(got, want, slack, text);
  else assertEquals(got, want, text);
}

const f16 = Float32Array.from(new Float16Array(other));
const finite = other.map((v) => Number.isFinite(v) ? v : 0);
const q8 = eights("fc.weight", { shape, values: finite });
const partners = {
  "float32": { bytes: modelFile({ "fc.weight": { shape, values: other } }), values: other },
  "float16": { bytes: halves("fc.weight", { shape, values: other }), values: f16 },
  "Q8_0": { ...q8, extension: "gguf" },
};

for (const [dtype, { bytes, values: there, ...options }] of Object.entries(partners)) {
  Deno.test(`a compared layer's tiles are its cells, and means of blocks of them: ${dtype}`, () =>
    withPair(bytes, modelFile({ "fc.weight": { shape, values: one } }), async (engine) => {
      for (const how of all) {
        const want = (x: number, y: number) =>
          oracle[how](one[y * width + x]!, there[y * width + x]!);
        const native = await plane(engine, "fc.weight", 2, `compare=${how}`);
        for (const [y, row] of native.entries()) {
          for (const [x, got] of row.entries()) {
            const exact = want(x, y);
            assertNear(
              got,
              exact,
              how === "ratio" ? 4e-7 * Math.abs(exact) : 0,
              `${how} ${x} ${y}`,
            );
          }
        }
        for (const log2 of [1, 2]) {
          const coarse = await plane(engine, "fc.weight", 2 - log2, `compare=${how}`);
          for (const [y, row] of coarse.entries()) {
            for (const [x, got] of row.entries()) {
              let sum = 0, count = 0;
              for (let cy = y << log2; cy < Math.min(height, (y + 1) << log2); cy++) {
                for (let cx = x << log2; cx < Math.min(width, (x + 1) << log2); cx++) {
                  const value = want(cx, cy);
                  if (!Number.isFinite(value)) continue;
                  sum += value;
                  count++;
                }
              }
              assertNear(got, sum / count, 1e-5, `${how} ${x} ${y} of ${2 ** log2}`);
            }
          }
        }
      }
    }, options));
}

Deno.test("coarse blocks of a compared layer, from its pyramid, are means of all their cells", async () => {
  const shape = [3000, 2100];
  const [a, b] = [3, 4].map((seed) =>
    Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => hash(i * seed) - 0.4)
  ) as [Float32Array, Float32Array];
  await withTuned({ fc: { shape, values: b } }, { fc: { shape, values: a } }, async (engine) => {
    const view = engine.view(
      "tuned",
      "fc",
      "weights",
      new URLSearchParams("against=base&compare=signs"),
    );
    for (const [log2, x, y] of [[4, 130, 185], [4, 7, 9], [3, 100, 17]] as const) {
      const { cell } = await engine.inspect(view, x, y, view.plane.nativeZoom - log2);
      let sum = 0, count = 0;
      for (let cy = y << log2; cy < Math.min(3000, (y + 1) << log2); cy++) {
        for (let cx = x << log2; cx < Math.min(2100, (x + 1) << log2); cx++) {
          sum += oracle.signs(a[cy * 2100 + cx]!, b[cy * 2100 + cx]!);
          count++;
        }
      }
      assertEquals(cell.count, count);
      assertAlmostEquals(cell.mean!, sum / count, 1e-6);
      if (log2 < 4) continue;
      const tile = await numbers(engine, comparedAt("fc", [0, 0, 0], "compare=signs"));
      assertAlmostEquals(tile.values[y * 256 + x]!, sum / count, 1e-6);
    }
  });
});

Deno.test("a comparison's legend tells its scale, its definition and what is not finite", () =>
  withTuned(
    { fc: { shape: [2, 4], values: Float32Array.of(0, 0, 2, -1, 4, Infinity, 1, 1) } },
    { fc: { shape: [2, 4], values: Float32Array.of(0, 5, 0, 2, 4, Infinity, NaN, 8) } },
    async (engine) => {
      const legend = (query: string) =>
        engine.legend(
          engine.view("tuned", "fc", "weights", new URLSearchParams(`against=base${query}`)),
        );
      const counts = ({ special }: Awaited<ReturnType<typeof legend>>) =>
        Object.fromEntries(special.map(({ name, count }) => [name, count]));
      const difference = await legend("");
      assertEquals(difference.title, "Weight − that of base");
      assertEquals(counts(difference), { "NaN": 2, "+∞": 0, "−∞": 0 });
      const minmax = await legend("&normalize=minmax");
      assertEquals([minmax.ramp!.stops[0]!.value, minmax.ramp!.stops.at(-1)!.value], [-7, 7]);
      const ratio = await legend("&compare=ratio&normalize=minmax");
      assertEquals(ratio.title, "log₂ |Weight| / that of base");
      assertMatch(ratio.normalization, /0\/0 is NaN, x\/0 is \+∞, 0\/x is −∞/);
      assertEquals(counts(ratio), { "NaN": 3, "+∞": 1, "−∞": 1 });
      assertEquals([ratio.ramp!.stops[0]!.value, ratio.ramp!.stops.at(-1)!.value], [-3, 3]);
      const signs = await legend("&compare=signs");
      assertEquals(signs.title, "Sign changes against base");
      assertEquals(counts(signs), { "NaN": 1, "+∞": 0, "−∞": 0 });
      assertEquals([signs.ramp!.stops[0]!.value, signs.ramp!.stops.at(-1)!.value], [0, 1]);
      assertEquals(signs.ramp!.colormap, "viridis");
      assertEquals((await legend("&compare=signs&colormap=magma")).ramp!.colormap, "magma");
    },
  ));

Deno.test("a model is no different from itself", () =>
  withTuned({}, { fc: { shape: [25, 40], values: one.slice(2, 1002) } }, async (engine) => {
    for (const how of all) {
      const query = `against=tuned&compare=${how}`;
      const tile = await numbers(engine, tileAt("fc", [0, 0, 0], query, { model: "tuned" }));
      for (let y = 0; y < 25; y++) {
        const row = tile.values.subarray(y * 256, y * 256 + 40);
        assert(row.every((value) => value === 0), `${how}: ${row}`);
      }
    }
  }));

for (
  const files of [
    ["formats/pytorch/digits-cnn.pt", "formats/onnx/digits-cnn.onnx"],
    ["formats/pytorch/digits-cnn-legacy.pth", "formats/pytorch/digits-cnn.pt"],
    ["models/tiny-transformer", "formats/gguf/tiny-transformer.gguf"],
  ]
) {
  Deno.test(`the same weights by several hands do not differ: ${files.join(", ")}`, async () => {
    const engine = await createEngine(files.map(fixture), { workers: 1 });
    try {
      const [model, other] = engine.models();
      let compared = 0;
      for (const { name, dtype } of model!.tensors) {
        const found = other!.tensors.find((tensor) =>
          tensor.name === name && tensor.dtype === dtype
        );
        if (!found) continue;
        const query = `against=${other!.id}`;
        const { values } = await numbers(
          engine,
          tileAt(name, [0, 0, 0], query, { model: model!.id }),
        );
        const known = values.filter((value) => !Number.isNaN(value));
        assert(known.length > 0 && known.every((value) => value === 0), name);
        compared++;
      }
      assert(compared >= 8, `${compared} tensors are in both`);
    } finally {
      await engine.close();
    }
  });
}

Deno.test("kernels of Keras do not differ from the same ones kept as PyTorch keeps them", async () => {
  const keras = fixture("formats/keras/lenet-separated");
  const tensors: Record<string, Content> = {};
  const engine = await createEngine([keras], { workers: 1 });
  try {
    const [model] = engine.models();
    for (const { name, shape, layout } of model!.tensors) {
      if (shape.length !== 2 || !layout) continue;
      const turned = shape.toReversed();
      const [height, width] = turned as [number, number];
      const tile = await numbers(engine, tileAt(name, [0, 0, 0], "", { model: model!.id }));
      const row = (y: number) => [...tile.values.subarray(y * 256, y * 256 + width)];
      const rows = Array.from({ length: height }, (_, y) => row(y));
      tensors[name] = { shape: turned, values: Float32Array.from(rows.flat()) };
    }
  } finally {
    await engine.close();
  }
  assertEquals(Object.keys(tensors).length, 3);
  const folder = await Deno.makeTempDir();
  await Deno.writeFile(`${folder}/torch.safetensors`, modelFile(tensors));
  const both = await createEngine([keras, `${folder}/torch.safetensors`], { workers: 1 });
  try {
    const [id] = both.models().map(({ id }) => id);
    for (const [name, { values }] of Object.entries(tensors)) {
      for (const [model, against] of [[id, "torch"], ["torch", id]] as [string, string][]) {
        const address = tileAt(name, [0, 0, 0], `against=${against}`, { model });
        const known = (await numbers(both, address)).values.filter((value) => !Number.isNaN(value));
        assertEquals(known.length, values.length);
        assert(known.every((value) => value === 0), name);
      }
    }
  } finally {
    await both.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("quantized weights differ from the original ones by what decoding them gives", async () => {
  const files = ["models/tiny-transformer", "formats/gguf/tiny-transformer.gguf"];
  const engine = await createEngine(files.map(fixture), { workers: 1 });
  try {
    const [model, quantized] = engine.models().map(({ id }) => id) as [string, string];
    for (const kind of ["qkv", "proj", "fc", "out"]) {
      const name = `blocks.0.${kind}.weight`;
      const of = async (model: string, query = "") =>
        (await numbers(engine, tileAt(name, [0, 0, 0], query, { model }))).values;
      const [a, b] = [await of(model), await of(quantized)];
      const found = await of(model, `against=${quantized}`);
      assertEquals(found, a.map((value, i) => value - b[i]!), name);
      assert(found.some((value) => value !== 0));
    }
  } finally {
    await engine.close();
  }
});

Deno.test("a layer without a partner says what was found, or which names are alike", () =>
  withTuned(
    {
      "block.0.fc.weight": { shape: [3, 4], values: new Float32Array(12) },
      "block.1.fc.weight": { shape: [4, 3], values: new Float32Array(12) },
    },
    {
      "block.1.fc.weight": { shape: [3, 4], values: new Float32Array(12) },
      "block.2.fc.weight": { shape: [3, 4], values: new Float32Array(12) },
    },
    // deno-lint-ignore require-await -- views are opened without waiting
    async (engine) => {
      const open = (layer: string, query: string) => () =>
        engine.view("tuned", layer, layer === "_" ? "map" : "weights", new URLSearchParams(query));
      const why = (layer: string, query: string) => assertThrows(open(layer, query), BadRequest);
      const shapes = why("block.1.fc.weight", "against=base");
      assertMatch(shapes.message, /is \[3,4\], and \[4,3\] in model "base"/);
      assertEquals([shapes.details.found, shapes.details.expected], [[4, 3], [3, 4]]);
      const names = why("block.2.fc.weight", "against=base");
      assertMatch(names.message, /no tensor of that name; similar are block\.0\.fc\.weight/);
      const unknown = why("block.1.fc.weight", "against=basis");
      assertMatch(unknown.message, /no model "basis"; there are: base, tuned/);
      assertEquals([unknown.details.parameter, unknown.details.expected], ["against", [
        "base",
        "tuned",
      ]]);
      assertMatch(why("_", "against=base").message, /no tensor of model "tuned" has a partner/);
      assertMatch(why("_", "against=basis").message, /there are: base, tuned/);
      assertMatch(why("_", "against=base&compare=product").message, /difference, ratio, signs/);
      assertEquals(
        engine.view("tuned", "block.1.fc.weight", "weights", new URLSearchParams("against=")).query,
        "",
      );
    },
  ));

Deno.test("a point tells the compared value and both values, each with its place", () =>
  withTuned(
    { fc: { shape: [3, 4], values: Float32Array.from({ length: 12 }, (_, i) => i === 0 ? 0 : i) } },
    { fc: { shape: [3, 4], values: Float32Array.from({ length: 12 }, (_, i) => i ** 2 + 1) } },
    async (engine) => {
      const at = async (x: number, y: number, query: string) => {
        const view = engine.view(
          "tuned",
          "fc",
          "weights",
          new URLSearchParams(`against=base${query}`),
        );
        return await engine.inspect(view, x, y, undefined);
      };
      const found = await at(2, 1, "");
      assertEquals([found.value, found.index], [37 - 6, [1, 2]]);
      assertEquals(found.compared, {
        how: "difference",
        own: { value: 37 },
        other: { tensor: "fc", index: [1, 2], value: 6 },
      });
      const ratio = await at(0, 0, "&compare=ratio");
      assertEquals([ratio.value, ratio.special], [null, "+Infinity"]);
      assertEquals([ratio.compared!.own.value, ratio.compared!.other.value], [1, 0]);
      const own = await engine.inspect(
        engine.view("tuned", "fc", "weights", new URLSearchParams()),
        2,
        1,
        undefined,
      );
      assertEquals([own.value, own.compared], [37, undefined]);
    },
  ));

Deno.test("rows scaled by their channels' norms are so by those of the differences", () =>
  withTuned(
    { fc: { shape: [2, 3], values: Float32Array.of(1, 1, 1, 1, 1, 1) } },
    { fc: { shape: [2, 3], values: Float32Array.of(4, 1, 5, 1, 2, 1) } },
    async (engine) => {
      const { values } = await numbers(engine, comparedAt("fc", [0, 0, 0], "scientific=0"));
      const rows = [0, 1].map((y) => [...values.subarray(y * 256, y * 256 + 3)]);
      assertEquals(rows[0], [3, 0, 4]);
      assertAlmostEquals(rows[1]![1]!, 1 / 5, 1e-6);
    },
  ));

Deno.test("tags and versions name both models; when the other changes, a 409, then other tags", () => {
  const tuned = { fc: { shape: [30, 40], values: one.slice(0, 1200) } };
  const base = (scale: number) => ({
    fc: { shape: [30, 40], values: other.slice(0, 1200).map((v) => v * scale) },
  });
  return withTuned(base(1), tuned, async (engine, paths) => {
    const layers = [["fc", "weights"], ["_", "map"]] as const;
    const tickets = (query = "") =>
      layers.map(([layer, mode]) => engine.ticket(comparedAt(layer, [0, 0, 0], query, mode)));
    const versions = engine.models().map(({ version }) => version);
    for (const ticket of tickets(`v=${versions[1]}`)) assert(!ticket.immutable);
    for (const ticket of tickets(`v=${versions[1]}-${versions[0]}`)) assert(ticket.immutable);
    const before = tickets();
    const tiles = await Promise.all(before.map((ticket) => ticket.tile()));
    const tags = new Set(before.map(({ etag }) => etag));
    for (const how of ["ratio", "signs"]) {
      for (const { etag } of tickets(`compare=${how}`)) assert(!tags.has(etag));
    }
    for (const [layer, mode] of layers) {
      const { etag } = engine.ticket(tileAt(layer, [0, 0, 0], "", { model: "tuned", mode }));
      assert(!tags.has(etag));
    }
    await Deno.writeFile(paths.base, modelFile(base(2)));
    await new Promise((resolve) => setTimeout(resolve, 150));
    for (const [layer, mode] of layers) {
      const error = await failure(() =>
        engine.ticket(comparedAt(layer, [0, 0, 0], "", mode)).tile()
      );
      assert(error instanceof Changed, String(error));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const [i, ticket] of tickets().entries()) {
      assert(!tags.has(ticket.etag));
      assert(String((await ticket.tile()).bytes) !== String(tiles[i]!.bytes));
    }
  });
});

Deno.test("a change of the other file is noticed before a tile of it is answered", () => {
  const content = { fc: { shape: [300, 400], values: one.slice(0, 120_000) } };
  return withTuned(content, content, async (engine, paths) => {
    await engine.ticket(comparedAt("fc", [1, 0, 0])).tile();
    const ticket = engine.ticket(comparedAt("fc", [1, 1, 1]));
    const { shape, values } = content.fc;
    await Deno.writeFile(
      paths.base,
      modelFile({ fc: { shape, values: values.map((v) => 2 * v) } }),
    );
    const error = await failure(() => ticket.tile());
    assert(error instanceof Changed, String(error));
  });
});

Deno.test("medians of comparisons are exact, however few values the tensors' own type has", async () => {
  const bytes = (seed: number) =>
    Uint8Array.from({ length: 999 }, (_, i) => 1 + 250 * hash(i + seed));
  const [a, b] = [bytes(1), bytes(2)];
  const file = (data: Uint8Array) =>
    safetensorsFile({ fc: { dtype: "U8", shape: [27, 37], data_offsets: [0, 999] } }, data);
  await withPair(file(b), file(a), async (engine) => {
    const query = new URLSearchParams("against=base&compare=ratio&normalize=robust");
    const { normalization } = await engine.legend(engine.view("tuned", "fc", "weights", query));
    const ratios = [...a].map((v, i) => Math.log2(v / b[i]!)).sort((x, y) => x - y);
    const found = Number(/x − (\S+)\)/.exec(normalization)![1]);
    assertAlmostEquals(found, ratios[499]!, 1e-4 * Math.abs(ratios[499]!) + 1e-9);
  });
});

Deno.test("a comparison with a model that is taken out is refused", () => {
  const content = { fc: { shape: [3, 4], values: new Float32Array(12) } };
  return withTuned(content, content, async (engine) => {
    await engine.ticket(comparedAt("fc", [0, 0, 0])).tile();
    engine.remove("base");
    assertThrows(() => engine.ticket(comparedAt("fc", [0, 0, 0])), BadRequest, "there are: tuned");
  });
});
