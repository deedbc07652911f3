import { assert, assertEquals, assertRejects } from "@std/assert";
import { BadRequest, NotFound } from "../../src/errors.ts";
import { Catalogue } from "../../src/model/catalogue.ts";
import { type Incoming, Uploads } from "../../src/model/uploads.ts";
import { safetensorsFile } from "../formats/build.ts";
import { inFolder } from "../storage/folder.ts";

const file = safetensorsFile({ a: { dtype: "U8", shape: [4], data_offsets: [0, 4] } }, 4);

async function* files(...names: readonly string[]): AsyncGenerator<Incoming> {
  for (const name of names) yield { name, bytes: new Blob([file]).stream() };
}

Deno.test("uploads: names that some file systems take for one are refused on all", () =>
  inFolder(async (folder) => {
    const uploads = new Uploads(folder, 1e6);
    for (const [one, two] of [["a.npy", "A.npy"], ["\u00e9.npy", "e\u0301.npy"]] as const) {
      const accept = () => Promise.resolve();
      await assertRejects(() => uploads.receive(files(one, two), accept), BadRequest, "twice");
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("uploads: a model that is deleted while it is being opened is not there", () =>
  inFolder(async (folder) => {
    const uploads = new Uploads(folder, 1e6);
    const catalogue = await Catalogue.open([]);
    const opening = uploads.receive(files("m.safetensors"), (path) => {
      const model = catalogue.add(path, "added");
      // As a request does that guesses its id.
      catalogue.remove("m");
      uploads.remove(path);
      return model;
    });
    const error = await assertRejects(() => opening);
    assert(error instanceof NotFound || /gone|cannot be read/.test(String(error)), String(error));
    assertEquals([catalogue.models(), [...Deno.readDirSync(folder)]], [[], []]);
    uploads.remove(`${folder}/m/m.safetensors`); // twice is as good as once
  }));

Deno.test("uploads: deleting one that failed late leaves another of its id alone", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/m.npy`, new Uint8Array(3));
    await Deno.writeFile(`${folder}/m.safetensors`, file);
    const catalogue = await Catalogue.open([]);
    const failing = catalogue.add(`${folder}/m.npy`, "added");
    catalogue.remove("m");
    await catalogue.add(`${folder}/m.safetensors`, "added");
    await assertRejects(() => failing);
    assertEquals(catalogue.models().map(({ id }) => id), ["m"]);
    catalogue.close();
  }));
