import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { dirname } from "node:path";
import { Changed, FormatError, NotFound } from "../../src/errors.ts";
import { Catalogue } from "../../src/model/catalogue.ts";
import { safetensorsFile } from "../formats/build.ts";
import { inFolder } from "../storage/folder.ts";

const file = (name: string, values = 1) =>
  safetensorsFile({ [name]: { dtype: "U8", shape: [values], data_offsets: [0, values] } }, values);

/** Long enough for a model not to be believed unchanged any more. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 120));

function withCatalogue(
  files: Readonly<Record<string, Uint8Array>>,
  test: (catalogue: Catalogue, folder: string) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    for (const [name, bytes] of Object.entries(files)) {
      await Deno.mkdir(dirname(`${folder}/${name}`), { recursive: true });
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    const paths = Object.keys(files).map((name) => `${folder}/${name}`);
    const catalogue = await Catalogue.open(paths);
    try {
      await test(catalogue, folder);
    } finally {
      catalogue.close();
    }
  });
}

Deno.test("ids are unique, and none is reserved", () => {
  const files = {
    "m.safetensors": file("a"),
    "x/m.safetensors": file("b"),
    "y/m.safetensors": file("c"),
    "fn.safetensors": file("d"),
  };
  return withCatalogue(files, async (catalogue) => {
    assertEquals(catalogue.models().map(({ id }) => id), ["m", "m-2", "m-3", "fn-2"]);
    assertEquals((await catalogue.get("m-2")).tensors[0]!.name, "b");
    assertEquals(catalogue.current("m-3").tensors[0]!.name, "c");
  });
});

Deno.test("an unknown id is NotFound, naming those there are", () =>
  withCatalogue({ "m.safetensors": file("a") }, async (catalogue) => {
    await assertRejects(() => catalogue.get("n"), NotFound, 'no model "n"; there are: m');
    assertThrows(() => catalogue.current("constructor"), NotFound);
  }));

Deno.test("a malformed model fails alone, until its file is well formed", () =>
  withCatalogue({ "good.safetensors": file("a"), "bad.safetensors": new Uint8Array(3) }, async (
    catalogue,
    folder,
  ) => {
    assertEquals(catalogue.models().map(({ id }) => id), ["good"]);
    assertEquals(catalogue.failures().map(({ id }) => id), ["bad"]);
    await assertRejects(() => catalogue.get("bad"), FormatError, "file size is 3");
    assertThrows(() => catalogue.current("bad"), FormatError, "file size is 3");
    await Deno.writeFile(`${folder}/bad.safetensors`, file("mended"));
    await aWhile();
    assertEquals((await catalogue.get("bad")).tensors[0]!.name, "mended");
    assertEquals(catalogue.failures(), []);
  }));

Deno.test("a changed model is opened again for who waits", () =>
  withCatalogue({ "m.safetensors": file("a") }, async (catalogue, folder) => {
    const before = await catalogue.get("m");
    assert(before === await catalogue.get("m"));
    await Deno.writeFile(`${folder}/m.safetensors`, file("b", 2));
    await aWhile();
    const [after, same] = await Promise.all([catalogue.get("m"), catalogue.get("m")]);
    assertEquals([after.id, after.tensors[0]!.name], ["m", "b"]);
    assert(after === same);
    assert(after.version !== before.version);
  }));

Deno.test("who cannot wait is told that it changed, and finds it a moment later", () =>
  withCatalogue({ "m.safetensors": file("a") }, async (catalogue, folder) => {
    await Deno.writeFile(`${folder}/m.safetensors`, file("b", 2));
    await aWhile();
    assertThrows(() => catalogue.current("m"), Changed, "ask again");
    assertThrows(() => catalogue.current("m"), Changed, "ask again");
    await aWhile();
    assertEquals(catalogue.current("m").tensors[0]!.name, "b");
  }));

Deno.test("a model whose file is gone is NotFound, and back when the file is", () =>
  withCatalogue({ "m.safetensors": file("a") }, async (catalogue, folder) => {
    await Deno.remove(`${folder}/m.safetensors`);
    await aWhile();
    await assertRejects(() => catalogue.get("m"), NotFound, "m.safetensors does not exist");
    assertEquals(catalogue.models(), []);
    await Deno.writeFile(`${folder}/m.safetensors`, file("a"));
    await aWhile();
    assertThrows(() => catalogue.current("m"), NotFound, "does not exist");
    await aWhile();
    assertEquals(catalogue.current("m").tensors[0]!.name, "a");
  }));

Deno.test("a model replaced by a malformed one fails with what is wrong", () =>
  withCatalogue({ "m.safetensors": file("a") }, async (catalogue, folder) => {
    await Deno.writeFile(`${folder}/m.safetensors`, file("a", 50).subarray(0, -1));
    await aWhile();
    await assertRejects(() => catalogue.get("m"), FormatError, "data_offsets");
  }));

/** Handles of this process on files under a folder, where the system lists them. */
function handlesIn(folder: string): number {
  return Array.from(Deno.readDirSync("/proc/self/fd")).filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(folder);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false; // the one that lists them
      throw error;
    }
  }).length;
}

Deno.test({
  name: "a model that changes or fails leaves no file open",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withCatalogue({ "m.safetensors": file("a") }, async (catalogue, folder) => {
      for (let size = 2; size < 5; size++) {
        await Deno.writeFile(`${folder}/m.safetensors`, file("a", size));
        await aWhile();
        await catalogue.get("m");
        assertEquals(handlesIn(folder), 1);
      }
      await Deno.writeFile(`${folder}/m.safetensors`, file("a").subarray(0, -1));
      await aWhile();
      await assertRejects(() => catalogue.get("m"), FormatError);
      assertEquals(handlesIn(folder), 0);
    }),
});
