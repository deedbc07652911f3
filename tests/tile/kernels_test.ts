import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { elementCount, rowMajor } from "../../src/storage/shape.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { Engine, TileFormat } from "../../src/tile/tile.ts";
import { concat } from "../formats/build.ts";
import { FLOAT, graphProto, node, onnxFile, raw, tensorProto } from "../formats/onnx_build.ts";
import { type Content, hash, modelFile, withFolder } from "./models.ts";

/** A layer of a model. */
type Place = readonly [model: string, layer: string];

/** Every tile of every zoom, and numbers of them, drawn of one layer and of another. */
async function compareTiles(engine: Engine, one: Place, other: Place): Promise<number> {
  const views = [
    { mode: "weights", query: "", format: "png" },
    { mode: "weights", query: "", format: "npy" },
    { mode: "weights", query: "scientific=0&normalize=robust", format: "png" },
    { mode: "weights", query: "microcell=3", format: "png", deep: true },
    { mode: "stats", query: "", format: "bin" },
  ] as const;
  let tiles = 0;
  for (const { mode, query, format, ...more } of views) {
    const options = new URLSearchParams(query);
    const { plane } = engine.view(...one, mode, options);
    const { plane: same } = engine.view(...other, mode, options);
    assertEquals([plane.width, plane.height], [same.width, same.height], other.join());
    const { nativeZoom } = plane;
    const zooms = "deep" in more ? [nativeZoom + 5] : Array.from({ length: nativeZoom + 1 }).keys();
    for (const z of zooms) {
      const across = Math.ceil(plane.width * 2 ** (z - nativeZoom) / plane.tileSize);
      const down = Math.ceil(plane.height * 2 ** (z - nativeZoom) / plane.tileSize);
      // Of far-in zooms a few will do.
      const step = Math.max(1, Math.floor(across * down / 12));
      for (let n = 0; n < across * down; n += step) {
        const draw = async ([model, layer]: Place) => {
          const place = { z, x: n % across, y: Math.floor(n / across), density: 1 } as const;
          const address = { model, layer, mode, ...place, format: format as TileFormat };
          return (await engine.ticket({ ...address, query: options }).tile()).bytes;
        };
        const [expected, found] = [await draw(one), await draw(other)];
        assertEquals(found, expected, `${other}: ${mode}?${query} ${z}, tile ${n}`);
        tiles++;
      }
    }
  }
  return tiles;
}

const summaryOf = (engine: Engine, [model, layer]: Place) =>
  engine.summary(engine.model(model), layer);

async function compareChannels(engine: Engine, one: Place, other: Place): Promise<void> {
  const [expected, found] = [await summaryOf(engine, one), await summaryOf(engine, other)];
  assertEquals(found.channel_norms?.length, expected.channel_norms?.length, other.join());
  found.channel_norms!.forEach((norm, c) =>
    assertAlmostEquals(norm, expected.channel_norms![c]!, 1e-9 * norm, `${other}: channel ${c}`)
  );
}

for (const file of ["kernels.h5", "kernels.keras"]) {
  Deno.test(`kernels that Keras wrote are drawn as PyTorch's are: ${file}`, async () => {
    const folder = fileURLToPath(new URL("../../fixtures/keras/", import.meta.url));
    const names = JSON.parse(await Deno.readTextFile(`${folder}kernels.json`))[file];
    const paths = ["kernels.safetensors", file].map((name) => folder + name);
    const engine = await createEngine(paths, { workers: 1 });
    try {
      const [one, other] = engine.models();
      assertEquals(Object.keys(names).length, one!.tensors.length);
      for (const [name, kernel] of Object.entries<string>(names)) {
        await compareTiles(engine, [one!.id, kernel], [other!.id, name]);
        await compareChannels(engine, [one!.id, kernel], [other!.id, name]);
      }
    } finally {
      await engine.close();
    }
  });
}

/** Kernels as [output, input, space…]. */
const shapes: Readonly<Record<string, readonly number[]>> = {
  dense: [700, 530],
  conv: [150, 70, 3, 3],
  turned: [90, 110, 2, 4],
  depthwise: [300, 1, 3, 3],
  line: [300, 200, 5],
  volume: [40, 30, 2, 3, 3],
};
const kernels = Object.fromEntries(
  Object.entries(shapes).map(([name, shape], i): [string, Content] => {
    const value = (at: number) => (hash(at + 1e6 * i) - 0.5) ** 3;
    return [name, {
      shape,
      values: Float32Array.from({ length: elementCount(shape) }, (_, at) => value(at)),
    }];
  }),
);

/** The same with the axes in another order: the n-th axis of the result is axis `order[n]`. */
function transposed({ shape, values }: Content, order: readonly number[]): Content {
  const sides = order.map((axis) => shape[axis]!), steps = rowMajor(sides), from = rowMajor(shape);
  const at = (i: number) =>
    order.reduce((sum, axis, n) => sum + Math.floor(i / steps[n]!) % sides[n]! * from[axis]!, 0);
  return { shape: sides, values: values.map((_, i) => values[at(i)]!) };
}

/** What TF.js and ONNX call the kernels, and the order in which they have the axes. */
const tfjs: Readonly<Record<string, readonly [string, readonly number[]]>> = {
  dense: ["top/dense/kernel", [1, 0]],
  conv: ["first/conv2d/kernel", [2, 3, 1, 0]],
  turned: ["conv2d_transpose_4/kernel", [2, 3, 0, 1]],
  depthwise: ["mobile/depthwise_kernel", [2, 3, 0, 1]],
  line: ["conv1d/kernel", [2, 1, 0]],
  volume: ["conv3d/kernel", [2, 3, 4, 1, 0]],
};
const onnx: Readonly<Record<string, readonly [string, readonly number[]]>> = {
  dense: ["Gemm", [1, 0]],
  conv: ["Conv", [0, 1, 2, 3]],
  turned: ["ConvTranspose", [1, 0, 2, 3]],
};

const bytesOf = ({ values }: Content) => new Uint8Array(values.buffer);

async function writeTfjs(folder: string): Promise<void> {
  const weights = Object.entries(tfjs).map(([name, [as, order]]) => {
    const { shape, ...content } = transposed(kernels[name]!, order);
    return { entry: { name: as, shape, dtype: "float32" }, bytes: bytesOf({ shape, ...content }) };
  });
  const group = { paths: ["weights.bin"], weights: weights.map(({ entry }) => entry) };
  await Deno.mkdir(`${folder}/web`);
  await Deno.writeTextFile(
    `${folder}/web/model.json`,
    JSON.stringify({ weightsManifest: [group] }),
  );
  await Deno.writeFile(`${folder}/web/weights.bin`, concat(...weights.map(({ bytes }) => bytes)));
}

const writeOnnx = (folder: string) => {
  const tensors = Object.entries(onnx).map(([name, [, order]]) => {
    const content = transposed(kernels[name]!, order);
    return tensorProto(name, content.shape, FLOAT, raw(bytesOf(content)));
  });
  const nodes = Object.entries(onnx).map(([name, [op]]) =>
    node(op, [`${name} in`, name], [`${name} out`])
  );
  return Deno.writeFile(`${folder}/open.onnx`, onnxFile(graphProto(tensors, nodes)));
};

Deno.test("kernels of many pieces are drawn alike at every zoom, whatever their axes' order", () =>
  withFolder(
    async (folder) => {
      await Deno.writeFile(`${folder}/model.safetensors`, modelFile(kernels));
      await writeTfjs(folder);
      await writeOnnx(folder);
    },
    { workers: 2 },
    async (engine) => {
      let tiles = 0;
      const others = [
        ...Object.entries(tfjs).map(([name, [as]]) => [name, ["web", as]] as const),
        ...Object.keys(onnx).map((name) => [name, ["open", name]] as const),
      ];
      for (const [name, other] of others) {
        tiles += await compareTiles(engine, ["model", name], other);
        await compareChannels(engine, ["model", name], other);
      }
      assert(tiles > 300, `${tiles} tiles`);
    },
  ));

Deno.test("a kernel's shape, axes and indices are the file's own", () =>
  withFolder(writeTfjs, { workers: 1 }, async (engine) => {
    const view = engine.view("web", "first/conv2d/kernel", "weights", new URLSearchParams());
    assertEquals(engine.model("web").tensors[1]!.shape, [3, 3, 70, 150]);
    assertEquals([view.plane.axes.rows, view.plane.axes.columns], [[3, 0], [2, 1]]);
    // Output 5, input 7, row 2 and column 1 of its kernel.
    const { index, value } = await engine.inspect(view, 7 * 3 + 1, 5 * 3 + 2, undefined);
    assertEquals(index, [2, 1, 7, 5]);
    assertEquals(value, kernels["conv"]!.values[((5 * 70 + 7) * 3 + 2) * 3 + 1]);
    const asked = new URLSearchParams("axes=0,2|1,3");
    const { plane } = engine.view("web", "first/conv2d/kernel", "weights", asked);
    assertEquals([plane.width, plane.height], [3 * 150, 3 * 70]);
  }));
