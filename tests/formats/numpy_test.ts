import { assertEquals, assertRejects } from "@std/assert";
import { FormatError } from "../../src/errors.ts";
import { openModel } from "../../src/model/open.ts";
import { valuesOf } from "./values.ts";

// Files that NumPy wrote (fixtures/numpy/make.py): every type, order and kind of archive.

interface Expected {
  readonly shape: readonly number[];
  readonly kind: string;
  readonly bigEndian: boolean;
  readonly values: readonly number[];
}

const folder = new URL("../../fixtures/numpy/", import.meta.url).pathname;
const expected: Record<string, Record<string, Expected>> = JSON.parse(
  Deno.readTextFileSync(folder + "expected.json"),
);
const letters: Readonly<Record<string, string>> = { F: "f", I: "i", U: "u" };

for (const [name, tensors] of Object.entries(expected)) {
  Deno.test(`${name} reads as NumPy wrote it`, async () => {
    const model = await openModel(folder + name);
    assertEquals(model.tensors.map((tensor) => tensor.name), Object.keys(tensors));
    for (const tensor of model.tensors) {
      const { shape, kind, bigEndian, values } = tensors[tensor.name]!;
      const bits = Number(tensor.dtype.slice(1));
      const found = tensor.dtype === "BOOL" ? "b1" : letters[tensor.dtype[0]!]! + bits / 8;
      assertEquals([tensor.shape, found], [shape, kind], tensor.name);
      assertEquals(tensor.bigEndian, bigEndian, tensor.name);
      assertEquals([...await valuesOf(tensor)], values, tensor.name);
    }
    model.close();
  });
}

Deno.test("arrays of objects and records, as NumPy writes them, are refused", async () => {
  await assertRejects(() => openModel(folder + "objects.npy"), FormatError, "pickled objects");
  await assertRejects(() => openModel(folder + "structured.npy"), FormatError, "structured");
});
