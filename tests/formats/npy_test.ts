import { assert, assertEquals } from "@std/assert";
import { dtypes, type Scalar } from "../../src/formats/format.ts";
import { npy } from "../../src/formats/npy.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { concat, npyFile, npyHeader, utf8 } from "./build.ts";
import { flipped } from "./flipped.ts";
import { refused } from "./refused.ts";
import { valuesOf } from "./values.ts";

const list = async (bytes: Uint8Array, name = "given.npy") =>
  (await npy.list(new MemorySource(name, bytes))).tensors[0]!;

const types: readonly (readonly [string, Scalar, boolean])[] = [
  ["<f8", "F64", false],
  [">f8", "F64", true],
  ["<f4", "F32", false],
  [">f4", "F32", true],
  ["<f2", "F16", false],
  [">f2", "F16", true],
  ["<i8", "I64", false],
  [">i4", "I32", true],
  ["<i2", "I16", false],
  ["|i1", "I8", false],
  [">u8", "U64", true],
  ["<u4", "U32", false],
  [">u2", "U16", true],
  ["|u1", "U8", false],
  ["|b1", "BOOL", false],
];
for (const [descr, dtype, bigEndian] of types) {
  Deno.test(`npy: ${descr} is ${dtype}${bigEndian ? ", big-endian" : ""}`, async () => {
    const bytes = npyFile(npyHeader(descr, [3]), new Uint8Array(3 * dtypes[dtype]));
    const tensor = await list(bytes);
    assertEquals([tensor.dtype, tensor.bigEndian, tensor.shape], [dtype, bigEndian, [3]]);
    assertEquals([...await valuesOf(tensor)], [0, 0, 0]);
  });
}

Deno.test("npy: a tensor is named for its file", async () => {
  const bytes = npyFile(npyHeader("|u1", []), Uint8Array.of(5));
  assertEquals((await list(bytes, "/some/where/fc1.weight.npy")).name, "fc1.weight");
  assertEquals((await list(bytes, "noending")).name, "noending");
});

Deno.test("npy: Fortran order steps along the first axis first", async () => {
  const data = Uint8Array.from({ length: 24 }, (_, i) => i);
  const tensor = await list(npyFile(npyHeader("|u1", [2, 3, 4], true), data));
  assertEquals(tensor.strides, [1, 2, 6]);
  const values = await valuesOf(tensor);
  assertEquals([...values.subarray(0, 5)], [0, 6, 12, 18, 2]);
});

Deno.test("npy: versions 2 and 3 have long header lengths", async () => {
  for (const version of [2, 3]) {
    const tensor = await list(npyFile(npyHeader("|u1", [2]), Uint8Array.of(8, 9), version));
    assertEquals([...await valuesOf(tensor)], [8, 9]);
  }
});

Deno.test("npy: Python 2's long integers, double quotes and any order of keys are read", async () => {
  const header = `{"shape": (2L, 1L), "fortran_order": False, 'descr': "|u1"}   \n`;
  assertEquals((await list(npyFile(header, new Uint8Array(2)))).shape, [2, 1]);
});

Deno.test("npy: an array of no elements is listed", async () => {
  assertEquals((await list(npyFile(npyHeader("<f4", [0, 7]), new Uint8Array()))).bytes, 0);
});

const data = new Uint8Array(8);
const header = (text: string) => () => npyFile(text, data);
refused("an empty file", npy, () => utf8(""), "magic is []");
refused(
  "another magic",
  npy,
  () => npyFile(npyHeader("<f8", [1]), data).with(0, 0x92),
  "\\x93NUMPY",
);
refused("version 4", npy, () => npyFile(npyHeader("<f8", [1]), data, 4), "version is 4");
refused(
  "a file cut in its prefix",
  npy,
  () => npyFile("", data).subarray(0, 9),
  "length in bytes is 9",
);
refused("a header longer than the file", npy, () => npyFile("{}", data).with(8, 200), "is 210");
refused(
  "a header of 60 kB",
  npy,
  () => npyFile(npyHeader("<f8", [1]).padEnd(60_000), data),
  "at most 10000",
);
refused(
  "a header of 4 GB",
  npy,
  () => concat(Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, 255, 255, 255, 255), data),
  "4294967307",
);
refused("a header that is no literal", npy, header("import os"), "a Python literal");
refused("a header that calls", npy, header("{'descr': open('x')}"), "header");
refused("a header cut short", npy, header("{'descr': '<f8', "), "header");
refused("a header with more behind it", npy, header("{} {}"), "one literal");
refused("a header that is a tuple", npy, header("(1, 2)"), "a Python dict");
refused("a header nested deep", npy, header("(".repeat(5000)), "header");
refused("a key given twice", npy, header("{'shape': (1,), 'shape': (2,)}"), "distinct");
refused("no descr", npy, header("{'shape': (1,)}"), "descr");
refused("pickled objects", npy, header(npyHeader("|O", [1])), "pickled objects", '"|O"');
refused(
  "a structured type",
  npy,
  header("{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (1,)}"),
  "structured",
);
for (const descr of ["<c8", "<U2", "|S8", "<M8[s]", "<f16", "|V2", "f", "", "<constructor"]) {
  refused(`descr "${descr}"`, npy, header(npyHeader(descr, [1])), `descr is "${descr}"`);
}
refused("no fortran_order", npy, header("{'descr': '<f8', 'shape': (1,)}"), "fortran_order");
refused(
  "a number for fortran_order",
  npy,
  header("{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}"),
  "fortran_order is 0",
);
refused("a negative shape", npy, header(npyHeader("<f8", [-1])), "shape is [-1]");
refused("a fractional shape", npy, header(npyHeader("<f8", [1.5])), "header");
refused(
  "a shape of text",
  npy,
  header("{'descr': '<f8', 'fortran_order': False, 'shape': ('1',)}"),
  "shape",
);
refused("no shape", npy, header("{'descr': '<f8', 'fortran_order': False}"), "shape is undefined");
refused("a shape beyond 2^53", npy, header(npyHeader("<f8", [2 ** 40, 2 ** 40])), "2^53");
refused("fewer bytes than the shape needs", npy, header(npyHeader("<f8", [2])), "16 for F64 [2]");
refused("more bytes than the shape needs", npy, header(npyHeader("<f4", [1])), "4 for F32 [1]");

flipped(
  "npy",
  () => npyFile(npyHeader("<f4", [2, 3]).padEnd(118), new Uint8Array(24)),
  async (bytes) => {
    const tensor = await list(bytes);
    assert(tensor.offset + tensor.bytes <= bytes.length);
  },
  { numRuns: 2000 },
);
