import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { FormatError } from "../../src/errors.ts";
import { tfjs } from "../../src/formats/tfjs.ts";
import { openBeside } from "../../src/storage/beside.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import type { Source } from "../../src/storage/source.ts";
import { openModel } from "../../src/model/open.ts";
import { inFolder } from "../storage/folder.ts";
import { utf8 } from "./build.ts";
import { flipped } from "./flipped.ts";
import { opensInTime } from "./opening.ts";
import { COUNT, sparse } from "./sparse.ts";
import { valuesOf } from "./values.ts";

const fixtures = new URL("../../fixtures/tfjs/", import.meta.url);

for (const name of ["residual", "quantized"]) {
  Deno.test(`tfjs: ${name}, cut into shards of 333 bytes, reads as TensorFlow.js reads it`, async () => {
    const folder = new URL(`${name}/`, fixtures).pathname;
    const expected = JSON.parse(Deno.readTextFileSync(`${folder}expected.json`));
    const source = new FileSource(`${folder}model.json`);
    const beside = (path: string) => Promise.resolve(openBeside(source.name, path));
    const { tensors } = await tfjs.list(source, { beside });
    assertEquals(tensors.map((tensor) => tensor.name), Object.keys(expected));
    for (const tensor of tensors) {
      const { shape, values } = expected[tensor.name];
      assertEquals(tensor.shape, shape);
      const { scale, offset } = tensor.affine ?? { scale: 1, offset: 0 };
      const found = Array.from(await valuesOf(tensor), (x) => Math.fround(x * scale + offset));
      assertEquals(found, values, tensor.name);
    }
    source.close();
  });
}

Deno.test("tfjs: a folder of a model opens with its graph, shards are no models", async () => {
  const folder = new URL("residual/", fixtures).pathname;
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  assertEquals(
    tfjs.companions!("model.json", names).toSorted(),
    names.filter((name) => name.endsWith(".bin")).toSorted(),
  );
  const model = await openModel(folder);
  assertEquals([model.format, model.id, model.tensors.length], ["tfjs", "residual", 10]);
  assertEquals(model.metadata, { format: "layers-model", generatedBy: "TensorFlow.js" });
  model.close();
});

const graphOf = async (name: string) => {
  const source = new FileSource(new URL(`${name}/model.json`, fixtures).pathname);
  const beside = (path: string) => Promise.resolve(openBeside(source.name, path));
  const listing = await tfjs.list(source, { beside });
  source.close();
  return listing;
};

Deno.test("tfjs: the graph of a layers model joins residuals and the model within", async () => {
  const { graph } = await graphOf("residual");
  assertEquals(graph!.nodes.map(({ name, inputs }) => `${name} < ${inputs.join(" ")}`), [
    "input < ",
    "narrow < input",
    "shared < narrow",
    "shared (2) < shared",
    "inner/up < shared (2)",
    "inner/down < inner/up",
    "add < narrow inner/down",
    "output < add",
  ]);
  const up = graph!.nodes.find(({ name }) => name === "inner/up");
  assertEquals([up?.op, up?.tensors], ["Dense", ["up/kernel", "up/bias"]]);
});

Deno.test("tfjs: the graph of a graph model comes in running order, weights behind identities", async () => {
  const { graph, ignored, tensors } = await graphOf("quantized");
  assertEquals(graph!.nodes, [
    { name: "input", op: "Placeholder", inputs: [], tensors: [] },
    { name: "conv", op: "Conv2D", inputs: ["input"], tensors: ["conv/filter"] },
    { name: "skip", op: "Mul", inputs: ["input"], tensors: ["half"] },
    { name: "join", op: "AddV2", inputs: ["conv", "skip"], tensors: [] },
  ]);
  assertEquals(ignored, [
    { name: "words", reason: "its elements are strings" },
    { name: "complex", reason: "its elements are complex numbers" },
  ]);
  assertEquals(tensors[0]!.affine, { scale: 0.1, offset: -2 });
});

Deno.test("tfjs: a weight that begins or ends with its file lies in that file", async () => {
  const weights = [weight({}), weight({ name: "v" })];
  const { tensors } = await list(manifest(weights, ["none", "a", "b"]), { a: 16, b: 16 });
  const places = tensors.map((
    { source, offset },
  ) => [source.kind === "memory" && source.name, offset]);
  assertEquals(places, [["a", 0], ["b", 0]]);
});

Deno.test("tfjs: layers of a model within have their tensors by their path", async () => {
  const dense = { class_name: "Dense", config: { name: "dense" } };
  const inner = { class_name: "Sequential", config: { name: "inner", layers: [dense] } };
  const modelTopology = { class_name: "Sequential", config: { layers: [dense, inner] } };
  const weights = [weight({ name: "dense/kernel" }), weight({ name: "inner/dense/kernel" })];
  const { graph } = await list({ modelTopology, ...manifest(weights) }, { "a.bin": 32 });
  assertEquals(graph!.nodes.map(({ name, tensors }) => [name, ...tensors]), [
    ["dense", "dense/kernel"],
    ["inner/dense", "inner/dense/kernel"],
  ]);
});

const folderOf = (files: Readonly<Record<string, Uint8Array | number>>) => (path: string) => {
  const file = files[path] ?? 0;
  const bytes = typeof file === "number" ? new Uint8Array(file) : file;
  return Promise.resolve<Source>(new MemorySource(path, bytes));
};
const weight = (more: object) => ({ name: "w", shape: [4], dtype: "float32", ...more });
const manifest = (weights: unknown, paths: unknown = ["a.bin"]) => ({
  weightsManifest: [{ paths, weights }],
});
const list = (model: unknown, files = {}) => {
  const text = typeof model === "string" ? model : JSON.stringify(model);
  return tfjs.list(new MemorySource("hostile", utf8(text)), { beside: folderOf(files) });
};
const refused = (what: string, model: unknown, files: Record<string, number>, ...parts: string[]) =>
  Deno.test(`tfjs: ${what} is refused`, async () => {
    const error = await assertRejects(() => list(model, files), FormatError);
    for (const part of ["hostile", ...parts]) assertStringIncludes(error.message, part);
  });
const only = (more: object, size = 16) =>
  [manifest([weight(more)]), { "a.bin": size }] as [unknown, Record<string, number>];
const quantization = { dtype: "uint8", scale: 1, min: 0 };

refused("text that is no JSON", "{weights}", {}, "not JSON");
refused("a list", "[]", {}, "expected a JSON object");
refused("a model without a manifest", {}, {}, "weightsManifest is undefined", "a list of groups");
refused("a group that is no object", { weightsManifest: [3] }, {}, "weightsManifest[0] is 3");
refused("a group without weights", { weightsManifest: [{ paths: [] }] }, {}, "paths and weights");
refused("a path that is no text", manifest([], [3]), {}, "path is 3", "a string");
refused("a weight that is no object", manifest([3]), {}, "weightsManifest[0].weights[0] is 3");
refused("a weight without a name", ...only({ name: 3 }), "weights[0]", "a name");
refused("a negative side", ...only({ shape: [-4] }), 'weight "w" shape is [-4]');
refused("a product beyond 2^53", ...only({ shape: [2 ** 30, 2 ** 30] }), "2^53");
refused("an unknown dtype", ...only({ dtype: "float8" }), 'dtype is "float8"', "float32, int32");
refused("a dtype from the prototype", ...only({ dtype: "toString" }), '"toString"');
refused("files that are too short", ...only({}, 12), "16 bytes from byte 0 on", "the 12 bytes");
refused("files that are too long", ...only({}, 20), "bytes of its weights is 16", "20");
refused("files that are missing", manifest([weight({})], []), {}, "inside the 0 bytes");
refused(
  "a quantization without scale",
  ...only({ quantization: { dtype: "uint8", min: 0 } }, 4),
  "quantization scale is undefined",
);
refused(
  "a quantization without min",
  ...only({ quantization: { dtype: "uint16", scale: 1 } }, 8),
  "quantization min is undefined",
);
refused(
  "a quantization to an unknown type",
  ...only({ quantization: { ...quantization, dtype: "uint4" } }),
  'quantization dtype is "uint4"',
  "uint8, uint16, float16",
);
refused("a quantization of booleans", ...only({ dtype: "bool", quantization }, 4), '"bool"');
refused("a quantization that is no object", ...only({ quantization: 3 }), "quantization is 3");
refused("more strings than bytes", ...only({ dtype: "string", shape: [2 ** 40] }, 8), "at most 2");
refused(
  "a string past the end",
  {
    weightsManifest: [{ paths: ["s"], weights: [weight({ dtype: "string", shape: [1] })] }],
  },
  { s: 3 },
  "1 strings",
  "at most 0",
);
refused(
  "more than 4096 files",
  manifest([], Array.from({ length: 5000 }, (_, i) => `${i}`)),
  {},
  "over 4096",
);
refused(
  "a manifest nested deep",
  `{"weightsManifest":${"[".repeat(1e5)}${"]".repeat(1e5)}}`,
  {},
  "weightsManifest[0] is",
);

Deno.test("tfjs: a topology nested 100,000 deep has no graph, and opens", async () => {
  const deep = `{"config":${'{"layers":['.repeat(5e4)}${"]}".repeat(5e4)}}`;
  const { graph } = await list(`{"modelTopology":${deep},"weightsManifest":[]}`);
  assertEquals(graph, undefined);
});

Deno.test("tfjs: files outside the folder, missing ones and links out are refused", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.bin`, new Uint8Array(16));
    await Deno.mkdir(`${folder}/m`);
    await Deno.symlink(`${folder}/a.bin`, `${folder}/m/link.bin`);
    for (const path of ["../a.bin", `${folder}/a.bin`, "link.bin", "gone.bin", ".", ""]) {
      await Deno.writeTextFile(
        `${folder}/m/model.json`,
        JSON.stringify(manifest([weight({})], [path])),
      );
      const error = await assertRejects(() => openModel(`${folder}/m`), FormatError);
      assertStringIncludes(error.message, `model.json names the file ${JSON.stringify(path)}`);
    }
  }));

Deno.test("tfjs: claims models by name or by what they begin with, and no other JSON", () => {
  const claims = (text: string, name: string) => tfjs.claims(utf8(text), name);
  assert(claims("", "x/model.json"));
  assert(claims('{"format": "graph-model", ', "a.json"));
  assert(claims('\n { "modelTopology" : {', "a.json"));
  assert(claims('[{"weights":', "face-weights_manifest.json"));
  assert(!claims("", "a.json"));
  assert(!claims('{"architectures": ["Llama"]', "config.json"));
  assert(!claims('{"modelTopology": {', "a.txt"));
  assert(!claims("[1]", "model.json"));
});

Deno.test("tfjs: a bare manifest opens, its shards are its own", () =>
  inFolder(async (folder) => {
    const groups = manifest([weight({ quantization })], ["tiny-shard1"]).weightsManifest;
    await Deno.writeTextFile(`${folder}/tiny-weights_manifest.json`, JSON.stringify(groups));
    await Deno.writeFile(`${folder}/tiny-shard1`, Uint8Array.of(1, 2, 3, 4));
    const model = await openModel(folder);
    assertEquals([...await valuesOf(model.tensors[0]!)], [1, 2, 3, 4]);
    assertEquals(
      tfjs.companions!("tiny-weights_manifest.json", ["tiny-shard1", "big-shard1"]),
      ["tiny-shard1"],
    );
    model.close();
  }));

flipped(
  "tfjs",
  () => Deno.readFileSync(new URL("quantized/model.json", fixtures)),
  async (bytes) => {
    const read = (path: string) => Deno.readFileSync(new URL(`quantized/${path}`, fixtures));
    const names = ["group1-shard1of2.bin", "group1-shard2of2.bin", "group2-shard1of1.bin"];
    const beside = folderOf(Object.fromEntries(names.map((name) => [name, read(name)])));
    const { tensors } = await tfjs.list(new MemorySource("flipped", bytes), { beside });
    for (const tensor of tensors) await valuesOf(tensor);
  },
  { values: fc.integer({ min: 32, max: 126 }) },
);

Deno.test("tfjs: 10,000 tensors in 10 GB of sparse shards open in 300 ms, reading only the JSON", () =>
  inFolder(async (folder) => {
    const path = sparse["tfjs"]!(folder);
    await opensInTime(tfjs, path, ({ listing: { tensors }, source, others }) => {
      assertEquals(tensors.length, COUNT);
      assertEquals(tensors.filter(({ source }) => source.kind === "assembled").length, 99);
      assertEquals([source.reads, source.bytes], [1, source.size]);
      assert(others.every(({ reads }) => reads === 0));
    });
  }));
