import { assertEquals } from "@std/assert";
import { Catalogue } from "../../src/model/catalogue.ts";
import { watchFolder } from "../../src/model/watch.ts";
import { safetensorsFile } from "../formats/build.ts";
import { inFolder } from "../storage/folder.ts";

const file = (name: string) =>
  safetensorsFile({ [name]: { dtype: "U8", shape: [1], data_offsets: [0, 1] } }, 1);

/** Waits until the catalogue shows these ids and failures, at most a few seconds. */
async function until(catalogue: Catalogue, models: string[], failures: string[] = []) {
  const now = () => [
    catalogue.models().map(({ id }) => id).sort(),
    catalogue.failures().map(({ id }) => id),
  ];
  const end = performance.now() + 5000;
  while (JSON.stringify(now()) !== JSON.stringify([models, failures]) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(now(), [models, failures]);
}

async function watching(
  test: (folder: string, catalogue: Catalogue) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/first.safetensors`, file("a"));
    const catalogue = await Catalogue.open([`${folder}/first.safetensors`]);
    const ended = new AbortController();
    const watch = watchFolder(folder, catalogue, ended.signal);
    try {
      await test(folder, catalogue);
    } finally {
      ended.abort();
      await watch;
      catalogue.close();
    }
  });
}

Deno.test("a watched folder: models appear, also in folders within, and disappear", () =>
  watching(async (folder, catalogue) => {
    const first = catalogue.models()[0];
    await Deno.mkdir(`${folder}/in`);
    await Deno.writeFile(`${folder}/in/second.safetensors`, file("b"));
    await until(catalogue, ["first", "second"]);
    assertEquals(catalogue.models()[0] === first, true, "what was there stays open");
    assertEquals(catalogue.whence("second").origin, "watched");
    await Deno.remove(`${folder}/in`, { recursive: true });
    await until(catalogue, ["first"]);
    await Deno.remove(`${folder}/first.safetensors`);
    await until(catalogue, []);
  }));

Deno.test("a watched folder: a file half written fails until it is whole", () =>
  watching(async (folder, catalogue) => {
    const whole = file("b");
    await Deno.writeFile(`${folder}/slow.safetensors`, whole.subarray(0, 20));
    await until(catalogue, ["first"], ["slow"]);
    await Deno.writeFile(`${folder}/slow.safetensors`, whole);
    await until(catalogue, ["first", "slow"]);
  }));

Deno.test("a watched folder: models from elsewhere are left alone", () =>
  watching((folder, catalogue) =>
    inFolder(async (elsewhere) => {
      await Deno.writeFile(`${elsewhere}/other.safetensors`, file("c"));
      await catalogue.add(`${elsewhere}/other.safetensors`, "added");
      await Deno.writeFile(`${folder}/second.safetensors`, file("b"));
      await until(catalogue, ["first", "other", "second"]);
      assertEquals(catalogue.whence("other").origin, "added");
    })
  ));
