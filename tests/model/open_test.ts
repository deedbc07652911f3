import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BadRequest, Changed, FormatError, NotFound } from "../../src/errors.ts";
import { findModels, stem } from "../../src/model/find.ts";
import { openModel } from "../../src/model/open.ts";
import { npyFile, npyHeader, safetensorsFile } from "../formats/build.ts";
import { inFolder } from "../storage/folder.ts";

const tensors = (...names: string[]) =>
  safetensorsFile(
    Object.fromEntries(
      names.map((
        name,
        i,
      ) => [name, { dtype: "U8", shape: [1, 2], data_offsets: [2 * i, 2 * i + 2] }]),
    ),
    2 * names.length,
  );
const fixtures = new URL("../../fixtures/models/", import.meta.url).pathname;

Deno.test("a model counts its tensors, bytes and layers", async () => {
  const model = await openModel(fixtures + "burn-mnist.safetensors");
  assertEquals(model.id, "burn-mnist");
  assertEquals(model.title, "burn-mnist.safetensors");
  assertEquals(model.format, "safetensors");
  assertEquals(model.bytes, 1509296);
  assertEquals(model.parameters, model.layers.reduce((sum, { parameters }) => sum + parameters, 0));
  assertEquals(model.layers.map(({ name }) => name), [
    ...["conv1", "conv2", "conv3", "fc1", "fc2", "norm1", "norm2"],
  ]);
  assert(/^[0-9a-z]+$/.test(model.version));
  model.close();
});

Deno.test("names with slashes, dots, spaces, other scripts and 300 characters are layers", () =>
  inFolder(async (folder) => {
    const names = ["a/b.c", "a..b.", "two words", "ключ.слой", "x".repeat(300), "🧠/é"];
    await Deno.writeFile(`${folder}/odd names é.safetensors`, tensors(...names));
    const model = await openModel(`${folder}/odd names é.safetensors`);
    assertEquals(model.id, "odd names é");
    assertEquals(model.layers.map(({ name }) => name), names);
    model.close();
  }));

Deno.test("a changed file fails the model's check; opened again, it is another version", () =>
  inFolder(async (folder) => {
    const path = `${folder}/m.safetensors`;
    await Deno.writeFile(path, tensors("a"));
    const before = await openModel(path);
    before.check();
    await Deno.writeFile(path, tensors("a", "b"));
    assertThrows(() => before.check(), Changed, path);
    before.close();
    const after = await openModel(path);
    assert(after.version !== before.version);
    after.close();
  }));

Deno.test("a folder of one model opens as it, one of several names them, one of none says so", () =>
  inFolder(async (folder) => {
    await assertRejects(() => openModel(folder), NotFound, "holds no model file");
    await Deno.writeFile(`${folder}/a.safetensors`, tensors("a"));
    const model = await openModel(folder, { id: "given" });
    assertEquals([model.id, model.tensors.length], ["given", 1]);
    model.close();
    await Deno.writeFile(`${folder}/b.npy`, npyFile(npyHeader("|u1", [1]), new Uint8Array(1)));
    await assertRejects(() => openModel(folder), BadRequest, "a.safetensors, b.npy");
  }));

Deno.test("shards without an index open as one model, if none is missing", () =>
  inFolder(async (folder) => {
    const shard = (n: number) => `${folder}/model-0000${n}-of-00002.safetensors`;
    await Deno.writeFile(shard(1), tensors("a", "b"));
    await assertRejects(() => openModel(folder), FormatError, "1 of 2 shards");
    await Deno.writeFile(shard(2), tensors("c"));
    const model = await openModel(folder);
    assertEquals(model.tensors.map(({ name }) => name), ["a", "b", "c"]);
    assertEquals(model.bytes, (await Deno.stat(shard(1))).size + (await Deno.stat(shard(2))).size);
    model.close();
    await Deno.writeFile(shard(2), tensors("b"));
    await assertRejects(() => openModel(folder), FormatError, '"b" is given twice');
  }));

Deno.test("a path that does not exist, or holds no model, is said to", async () => {
  await assertRejects(() => openModel("/no/such/model.safetensors"), NotFound, "does not exist");
  await assertRejects(() => openModel(import.meta.filename!), FormatError, "is text, and no");
});

Deno.test("all models under a folder are found, a sharded one as its folder", () => {
  assertEquals(
    findModels(fixtures).map((path) => path.slice(fixtures.length)).sort(),
    [
      "bottleneck-mnist.safetensors",
      "burn-mnist.safetensors",
      "digits-mlp-f16.npz",
      "digits-mlp-l2-fortran.npy",
      "digits-mlp-l3-big-endian-f64.npy",
      "tiny-transformer",
    ],
  );
  assertEquals(findModels(fixtures + "digits-mlp-f16.npz"), [fixtures + "digits-mlp-f16.npz"]);
});

Deno.test("links that lead out of the folder, broken ones and loops are left out", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/inner`);
    await Deno.writeFile(`${folder}/out.npy`, new Uint8Array());
    await Deno.writeFile(`${folder}/inner/real.npy`, new Uint8Array());
    await Deno.symlink(`${folder}/out.npy`, `${folder}/inner/out.npy`);
    await Deno.symlink("nowhere.npy", `${folder}/inner/broken.npy`);
    await Deno.symlink(".", `${folder}/inner/loop`);
    await Deno.symlink("real.npy", `${folder}/inner/alias.npy`);
    assertEquals(findModels(`${folder}/inner`), [
      `${folder}/inner/alias.npy`,
      `${folder}/inner/real.npy`,
    ]);
    await Deno.mkdir(`${folder}/none`);
    assertThrows(() => findModels(`${folder}/none`), NotFound, "holds no model file");
  }));

Deno.test("an id is the stem of the path", () => {
  assertEquals(stem("/a/b/model.v2.safetensors"), "model.v2");
  assertEquals(stem("/a/folder.x/"), "folder.x");
  assertEquals(stem("model.safetensors.index.json"), "model");
  assertEquals(stem("/a/.safetensors"), "model");
  assertEquals(stem("/a/...npy"), "model");
});

Deno.test("a model whose file has a plain name is called by its folder or its repository", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/resnet`);
    await Deno.writeFile(`${folder}/resnet/model.safetensors`, tensors("a"));
    await Deno.writeFile(`${folder}/other.safetensors`, tensors("a"));
    const paths = findModels(folder);
    assertEquals(paths.map(stem), ["other", "resnet"]);
    await Deno.writeFile(`${folder}/resnet/adapter.safetensors`, tensors("a"));
    assertEquals(findModels(folder).map(stem), ["other", "adapter", "model"]);
    const urls = {
      "https://hub.example/org/tiny/resolve/main/model.safetensors": "tiny",
      "https://host.example/a/variables/variables.index": "a",
      "https://host.example/nets/good.onnx?x=1": "good",
      "https://host.example/model.onnx": "host.example",
    };
    for (const [url, id] of Object.entries(urls)) assertEquals(stem(url), id, url);
  }));

Deno.test({
  name: "a folder that cannot be read does not take the others along",
  ignore: Deno.build.os === "windows", // which has other means
  fn: () =>
    inFolder(async (folder) => {
      const bytes = await Deno.readFile(`${fixtures}digits-mlp-f16.npz`);
      await Deno.writeFile(`${folder}/a.npz`, bytes);
      for (const [name, mode] of [["shut", 0o000], ["dark", 0o444]] as const) {
        await Deno.mkdir(`${folder}/${name}`);
        await Deno.writeFile(`${folder}/${name}/b.npz`, bytes);
        await Deno.symlink(`${name}/b.npz`, `${folder}/to-${name}.npz`);
        await Deno.chmod(`${folder}/${name}`, mode);
      }
      const found = findModels(folder);
      for (const name of ["shut", "dark"]) await Deno.chmod(`${folder}/${name}`, 0o755);
      // An administrator reads them all.
      const all = [
        `${folder}/a.npz`,
        ...findModels(folder).filter((path) => !/a\.npz$/.test(path)),
      ];
      assertEquals(found, Deno.uid() === 0 && found.length > 1 ? all : [`${folder}/a.npz`]);
    }),
});
