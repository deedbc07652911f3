import { assert, assertEquals } from "@std/assert";
import { pytorch } from "../../src/formats/pytorch.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { inFolder } from "../storage/folder.ts";
import { opensInTime } from "./opening.ts";
import { dict, legacy, tensor } from "./pytorch_build.ts";
import { BYTES, COUNT, sparse } from "./sparse.ts";

Deno.test("pytorch: 10,000 tensors in 10 GB open in 300 ms, in few reads", async () => {
  await inFolder(async (folder) => {
    const path = sparse["pytorch"]!(folder);
    await opensInTime(pytorch, path, ({ listing: { tensors }, source }) => {
      assertEquals(tensors.length, COUNT);
      assert(source.reads <= 8, `${source.reads} reads`);
      assert(source.bytes < 5e6, `${source.bytes} bytes`);
      tensors.forEach(({ offset, bytes }) => assertEquals([offset % 64, bytes], [0, BYTES]));
      assertEquals(new Set(tensors.map(({ offset }) => offset)).size, COUNT);
    });
  });
});

Deno.test("pytorch: a long object of the older form is read on where the bytes ended", async () => {
  const names = Array.from({ length: 20_000 }, (_, i) => `layers.${i}.weight`);
  const object = dict(Object.fromEntries(names.map((name) => [name, tensor([6])])));
  const bytes = legacy(object);
  const source = new MeteredSource(new MemorySource("long.pth", bytes));
  const { tensors } = await pytorch.list(source);
  assertEquals(tensors.map(({ name }) => name), names);
  assertEquals(tensors[0]!.offset, bytes.length - 24);
  assert(bytes.length > 2 ** 20 && source.reads <= 5, `${source.reads} reads`);
});
