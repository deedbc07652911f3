import { assertEquals, assertRejects } from "@std/assert";
import { FormatError, SynaptileError } from "../../src/errors.ts";
import { gguf } from "../../src/formats/gguf.ts";
import { findModels, stem } from "../../src/model/find.ts";
import { openModel } from "../../src/model/open.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { Remote } from "../../src/storage/remote.ts";
import { inFolder } from "../storage/folder.ts";
import { rangeServer, served } from "../storage/servers/range.ts";
import { u16 } from "./build.ts";
import { ggufFile, pair } from "./gguf_build.ts";
import { valuesOf } from "./values.ts";

const fixture = (name: string) => new URL(`../../fixtures/gguf/${name}`, import.meta.url).pathname;

Deno.test("gguf: any shard opens all, and a folder of them is one model", async () => {
  for (const path of ["sharded", ...[1, 2, 3].map((n) => `sharded/small-0000${n}-of-00003.gguf`)]) {
    const model = await openModel(fixture(path));
    assertEquals(model.tensors.map(({ name }) => name), ["t0", "t1", "t2", "t3", "t4"]);
    for (const [i, tensor] of model.tensors.entries()) {
      assertEquals([...await valuesOf(tensor)], [i, i, i, i]);
    }
    assertEquals(model.metadata["a.u32"], 7);
    model.close();
  }
  const found = findModels(fixture("sharded"));
  assertEquals(found, [fixture("sharded/small-00001-of-00003.gguf")]);
  assertEquals(stem(found[0]!), "small");
});

Deno.test("gguf: shards that are missing, renamed or of another set are told of", () =>
  inFolder(async (folder) => {
    const refused = (name: string, ...parts: string[]) =>
      Promise.all(
        parts.map((part) => assertRejects(() => openModel(`${folder}/${name}`), FormatError, part)),
      );
    const name = (n: number, stem = "small") => `${stem}-0000${n}-of-00003.gguf`;
    const copy = (n: number, to: string) =>
      Deno.copyFile(fixture(`sharded/${name(n)}`), `${folder}/${to}`);
    await copy(1, name(1));
    await copy(2, name(2));
    await refused(name(1), name(3), "a file that can be read");
    await refused(name(2), name(3));
    await copy(2, name(3));
    await refused(name(1), `${name(3)}: split.no is 1, expected 2`);
    await copy(1, "renamed.gguf");
    await refused("renamed.gguf", 'file name is "renamed.gguf"', "split.count is 3");
    await Deno.writeFile(`${folder}/${name(3)}`, ggufFile());
    await refused(name(1), `${name(3)}: split.no is undefined, expected 2`);
    const split = (count: number) => [
      pair("split.no", 2, u16(2)),
      pair("split.count", 2, u16(count)),
    ];
    await Deno.writeFile(`${folder}/${name(3)}`, ggufFile({ pairs: split(4) }));
    await refused(name(1), "split.count is 4, expected 3");
    await Deno.writeFile(`${folder}/${name(3)}`, ggufFile({ pairs: split(3) }));
    await refused(name(1), "split.tensors.count is 5, expected 4");
    const alone = new MemorySource("a-00001-of-00003.gguf", ggufFile({ pairs: split(3) }));
    await assertRejects(() => gguf.list(alone), SynaptileError, "stands alone");
  }));

Deno.test("gguf: shards behind HTTP open by the URL of any of them", async () => {
  const names = [1, 2, 3].map((n) => `small-0000${n}-of-00003.gguf`);
  const files = names.map((name) => {
    return [`/a/${name}`, served(Deno.readFileSync(fixture(`sharded/${name}`)))] as const;
  });
  await using server = await rangeServer(Object.fromEntries(files));
  const remote = new Remote({ policy: { hosts: ["127.0.0.1"], private: true } });
  try {
    const url = `${server.origin}/a/${names[1]}?download=true`;
    const model = await openModel(url, { remote: () => Promise.resolve(remote) });
    assertEquals(model.id, "small");
    assertEquals(model.tensors.map(({ name }) => name), ["t0", "t1", "t2", "t3", "t4"]);
    model.close();
  } finally {
    await remote.close();
  }
});
