import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { readContents } from "../../src/formats/hdf5/contents.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { openSource } from "../../src/storage/open.ts";
import { valuesOf } from "./values.ts";

// Files that h5py wrote, against what h5py reads of them: fixtures/hdf5/make.py.

interface Expected {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Of the values as little-endian float64. */
  readonly sha256: string;
}

const folder = new URL("../../fixtures/hdf5/", import.meta.url).pathname;
const expected: Record<string, Record<string, Expected>> = JSON.parse(
  Deno.readTextFileSync(folder + "expected.json"),
);
const numpyNames: Readonly<Record<string, string>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U64: "uint64",
  U32: "uint32",
  U16: "uint16",
  U8: "uint8",
  BOOL: "bool",
};

async function contents(file: string) {
  const source = new MeteredSource(new FileSource(folder + file));
  const { tensors, ignored, groups } = await readContents(source);
  source.close();
  return { tensors, ignored, groups, meter: source };
}

for (const [file, datasets] of Object.entries(expected)) {
  Deno.test(`HDF5: ${file} reads as h5py reads it, waiting or not`, async () => {
    const { tensors } = await contents(file);
    assertEquals(tensors.map(({ name }) => name).sort(), Object.keys(datasets).sort());
    for (const tensor of tensors) {
      const { name } = tensor;
      const { shape, dtype, sha256 } = datasets[name]!;
      assertEquals([tensor.shape, numpyNames[tensor.dtype]], [shape, dtype], name);
      const values = await valuesOf(tensor);
      const bytes = new Uint8Array(values.buffer);
      assertEquals(createHash("sha256").update(bytes).digest("hex"), sha256, name);
      const source = openSource(tensor.source);
      const now = new Uint8Array(tensor.bytes);
      assert(source.readSync!(tensor.offset, now));
      assertEquals(now, await source.read(tensor.offset, tensor.bytes), name);
      source.close();
    }
  });
}

for (const version of ["earliest", "v110", "latest"]) {
  Deno.test(`HDF5: attributes of every kind, ${version}`, async () => {
    const { groups } = await contents(`${version}.h5`);
    const sorted = (entries: Iterable<[string, unknown]>) =>
      Object.fromEntries([...entries].sort());
    assertEquals(sorted(groups.get("")!), {
      "fixed": "text in place",
      "fixed list": ["one", "three"],
      "half": 0.5,
      "list": ["a", "bc", ""],
      "long": "ä".repeat(3000),
      "number": 7,
      "numbers": [1.5, -2],
      "short": "text of varying length",
    });
  });

  Deno.test(`HDF5: a hundred members and attributes, ${version}`, async () => {
    const { groups, tensors } = await contents(`crowd-${version}.h5`);
    const names = Array.from({ length: 100 }, (_, i) => `crowd/tensor${i}`);
    assertEquals(tensors.map(({ name }) => name).sort(), names.toSorted());
    for (const tensor of tensors) {
      const number = Number(tensor.name.slice("crowd/tensor".length));
      assertEquals([...await valuesOf(tensor)], [number]);
    }
    const attributes = groups.get("")!;
    assertEquals(attributes.size, 101);
    for (let i = 0; i < 100; i++) assertEquals(attributes.get(`attribute${i}`), i);
    assertEquals(attributes.get("large"), "x".repeat(5000));
  });
}

Deno.test("HDF5: what cannot be drawn is left out, and says why", async () => {
  const { tensors, ignored } = await contents("strange.h5");
  assertEquals(tensors, []);
  const numbers = "its elements are compounds of several numbers, such as complex ones";
  assertEquals(Object.fromEntries(ignored.map(({ name, reason }) => [name, reason])), {
    arrays: "its elements are arrays",
    bytes: "its elements are text",
    complex: numbers,
    compound: numbers,
    elsewhere: 'it lies in another file, "other.h5"',
    filled: "parts of it were never written, and are not taken for zeros",
    lists: "its elements are lists of varying length",
    lzf: 'its chunks went through the filter "lzf"',
    nothing: "it has no elements: its dataspace is null",
    outside: "its elements lie in other files",
    scaled: 'its chunks went through the filter "scaleoffset"',
    text: "its elements are text",
    virtual: "it is a virtual data set: its elements are those of others",
  });
});

Deno.test("HDF5: headers are read in pages, few of them, and each once", async () => {
  for (const [file, reads] of [["crowd-earliest.h5", 6], ["crowd-latest.h5", 12]] as const) {
    const { meter } = await contents(file);
    assert(meter.reads <= reads, `${file}: ${meter.reads} reads`);
    assert(meter.bytes <= 1.5 * meter.size, `${file}: ${meter.bytes} of ${meter.size} bytes`);
  }
});
