import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Changed, FormatError } from "../../src/errors.ts";
import { openModel } from "../../src/model/open.ts";
import { inFolder } from "../storage/folder.ts";
import { safetensorsFile } from "./build.ts";
import { valuesOf } from "./values.ts";

const shard = (name: string, value: number) =>
  safetensorsFile(
    { [name]: { dtype: "U8", shape: [1], data_offsets: [0, 1] } },
    Uint8Array.of(value),
  );
const writeIndex = (folder: string, weight_map: unknown, more = {}) =>
  Deno.writeTextFile(
    `${folder}/model.safetensors.index.json`,
    JSON.stringify({ ...more, weight_map }),
  );

Deno.test("sharded: tensors come in the map's order, from the shards it names", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/one.safetensors`, shard("a", 1));
    await Deno.writeFile(`${folder}/two.safetensors`, shard("b", 2));
    await writeIndex(folder, { b: "two.safetensors", a: "one.safetensors" }, {
      metadata: { total_size: 2 },
    });
    const model = await openModel(folder);
    assertEquals(model.tensors.map(({ name }) => name), ["b", "a"]);
    assertEquals([...await valuesOf(model.tensors[0]!)], [2]);
    assertEquals(model.metadata, { total_size: "2" });
    model.close();
  }));

Deno.test("sharded: a change of any shard is another version", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/one.safetensors`, shard("a", 1));
    await writeIndex(folder, { a: "one.safetensors" });
    const before = await openModel(folder);
    before.check();
    await Deno.writeFile(`${folder}/one.safetensors`, shard("a.b", 1));
    await assertRejects(async () => await before.check(), "one.safetensors");
    before.close();
    await assertRejects(() => openModel(folder), FormatError, "a shard that holds it");
    await Deno.writeFile(`${folder}/one.safetensors`, shard("a", 2));
    const after = await openModel(folder);
    assertEquals(after.version === before.version, false);
    after.close();
  }));

async function refused(folder: string, map: unknown, ...parts: string[]): Promise<void> {
  await writeIndex(folder, map);
  for (const part of parts) await assertRejects(() => openModel(folder), FormatError, part);
}

Deno.test("sharded: where no shard is there, the model is refused", () =>
  inFolder((folder) =>
    refused(folder, { a: "gone.safetensors" }, '"gone.safetensors"', "can be read")
  ));

Deno.test("sharded: where no tensor is there, the model is refused", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/one.safetensors`, shard("a", 1));
    await refused(folder, { b: "one.safetensors" }, 'weight_map of "b"');
  }));

Deno.test("sharded: a malformed shard is refused by its name", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/one.safetensors`, shard("a", 1).subarray(0, -1));
    await refused(folder, { a: "one.safetensors" }, "one.safetensors: tensor");
  }));

Deno.test("sharded: names that lead out of the folder are refused", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/one.safetensors`, shard("a", 1));
    await Deno.mkdir(`${folder}/inner`);
    for (
      const name of [
        "../one.safetensors",
        `${folder}/one.safetensors`,
        "x/../../one.safetensors",
        ".",
      ]
    ) {
      await refused(`${folder}/inner`, { a: name }, "in its folder");
    }
    await Deno.symlink(`${folder}/one.safetensors`, `${folder}/inner/link.safetensors`);
    await refused(`${folder}/inner`, { a: "link.safetensors" }, "a link out of it");
  }));

Deno.test("sharded: Hugging Face's cache, whose files are links to blobs, opens", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/blobs`);
    await Deno.mkdir(`${folder}/snapshots/0123abcd`, { recursive: true });
    await Deno.writeFile(`${folder}/blobs/f00`, shard("a", 1));
    await Deno.symlink("../../blobs/f00", `${folder}/snapshots/0123abcd/one.safetensors`);
    await writeIndex(`${folder}/snapshots/0123abcd`, { a: "one.safetensors" });
    const model = await openModel(`${folder}/snapshots/0123abcd`);
    assertEquals(model.tensors.length, 1);
    model.close();
  }));

Deno.test("sharded: an index without a map of names is refused", () =>
  inFolder(async (folder) => {
    await refused(folder, undefined, "weight_map is undefined");
    await refused(folder, ["a"], 'weight_map is ["a"]');
    await refused(folder, { a: 3 }, "weight_map is 3");
  }));

const two = { a: "one.safetensors", b: "two.safetensors", c: "two.safetensors" };
const losses: Readonly<Record<string, readonly [(path: string) => Promise<void>, string]>> = {
  missing: [() => Promise.resolve(), "a file that can be read"],
  empty: [(path) => Deno.writeFile(path, new Uint8Array()), "two.safetensors"],
  truncated: [(path) => Deno.writeFile(path, shard("b", 2).subarray(0, -1)), "two.safetensors"],
  garbage: [(path) => Deno.writeFile(path, new Uint8Array(4096).fill(0xa7)), "two.safetensors"],
  "a folder": [(path) => Deno.mkdir(path), "a file that can be read"],
};

for (const [what, [lose, detail]] of Object.entries(losses)) {
  Deno.test(`sharded: a shard that is ${what} leaves the others', and is told of`, () =>
    inFolder(async (folder) => {
      await Deno.writeFile(`${folder}/one.safetensors`, shard("a", 1));
      await lose(`${folder}/two.safetensors`);
      await writeIndex(folder, two);
      const model = await openModel(folder);
      assertEquals(model.tensors.map(({ name }) => name), ["a"]);
      assertEquals([...await valuesOf(model.tensors[0]!)], [1]);
      assertEquals(model.failures.map(({ file, tensors }) => [file, tensors]), [[
        "two.safetensors",
        2,
      ]]);
      assertEquals(model.failures[0]!.detail.includes(detail), true, model.failures[0]!.detail);
      assertEquals(model.ignored.map(({ name }) => name), ["b", "c"]);
      assertEquals(model.ignored[0]!.reason, 'its shard "two.safetensors" cannot be read');
      model.check();
      model.close();
    }));
}

Deno.test("sharded: a shard that appears, or is mended, makes another version with the rest", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/one.safetensors`, shard("a", 1));
    await writeIndex(folder, { a: "one.safetensors", b: "two.safetensors" });
    const versions: string[] = [];
    for (
      const next of [
        () => Deno.writeFile(`${folder}/two.safetensors`, shard("b", 2).subarray(0, -1)),
        () => Deno.writeFile(`${folder}/two.safetensors`, shard("b", 2)),
      ]
    ) {
      const model = await openModel(folder);
      assertEquals(model.tensors.length, 1);
      versions.push(model.version);
      model.check();
      await next();
      assertThrows(() => model.check(), Changed, "two.safetensors");
      model.close();
    }
    const model = await openModel(folder);
    assertEquals([model.tensors.length, model.failures, model.ignored], [2, [], []]);
    assertEquals(new Set([...versions, model.version]).size, 3);
    model.close();
  }));

Deno.test("sharded: a name that leads out of the folder is not opened, nor waited for", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/inner`);
    await Deno.writeFile(`${folder}/outer.safetensors`, shard("b", 2));
    await Deno.writeFile(`${folder}/inner/one.safetensors`, shard("a", 1));
    await writeIndex(`${folder}/inner`, { a: "one.safetensors", b: "../outer.safetensors" });
    const model = await openModel(`${folder}/inner`);
    assertEquals(model.tensors.length, 1);
    assertEquals(model.failures[0]!.detail.includes("in its folder"), true);
    model.check();
    model.close();
  }));

Deno.test("sharded: a tensor that its shard lacks is told of where others are there", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/one.safetensors`, shard("a", 1));
    await writeIndex(folder, { a: "one.safetensors", b: "one.safetensors" });
    const model = await openModel(folder);
    assertEquals(model.failures, []);
    assertEquals(model.ignored, [{
      name: "b",
      reason: 'its shard "one.safetensors" does not hold it',
    }]);
    model.close();
  }));

Deno.test("sharded: of PyTorch's checkpoints, too, one can be lost", () =>
  inFolder(async (folder) => {
    const from = new URL("../../fixtures/formats/pytorch-sharded/", import.meta.url).pathname;
    for (const { name } of Deno.readDirSync(from)) {
      await Deno.copyFile(`${from}${name}`, `${folder}/${name}`);
    }
    await Deno.truncate(`${folder}/pytorch_model-00002-of-00002.bin`, 100);
    const model = await openModel(folder);
    assertEquals(model.failures.map(({ file }) => file), ["pytorch_model-00002-of-00002.bin"]);
    assertEquals(model.tensors.length + model.ignored.length, 20);
    model.close();
  }));

Deno.test("sharded: PyTorch's checkpoints under an index open as one model", async () => {
  const folder = new URL("../../fixtures/formats/pytorch-sharded/", import.meta.url).pathname;
  const model = await openModel(folder);
  assertEquals([model.id, model.format], ["pytorch-sharded", "pytorch"]);
  const homes = new Map(model.tensors.map(({ name, source }) => [name, source]));
  const of = (name: string) => {
    const source = homes.get(name);
    return source?.kind === "file" ? source.path.slice(-18) : undefined;
  };
  assertEquals(of("column"), "00001-of-00002.bin");
  assertEquals(of("conv_block_1.0.weight"), "00002-of-00002.bin");
  assertEquals(model.tensors.length, 20);
  model.close();
});
