import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { SynaptileError } from "../../src/errors.ts";
import { dtypes } from "../../src/formats/format.ts";
import { safetensors } from "../../src/formats/safetensors.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { inFolder } from "../storage/folder.ts";
import { safetensorsFile, utf8 } from "./build.ts";
import { opensInTime } from "./opening.ts";
import { refused } from "./refused.ts";
import { BYTES, COUNT, sparse } from "./sparse.ts";
import { valuesOf } from "./values.ts";

const list = (bytes: Uint8Array) => safetensors.list(new MemorySource("given", bytes));
const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const one = (shape: unknown, begin: unknown, end: unknown, data = 64) => () =>
  safetensorsFile({ a: entry("F32", shape, begin, end) }, data);

Deno.test("safetensors: tensors come in the header's order, even under integer names", async () => {
  const header = '{"10":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},' +
    '"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},' +
    '"2":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}';
  const { tensors } = await list(safetensorsFile(header, 3));
  assertEquals(tensors.map(({ name }) => name), ["10", "b", "2"]);
});

Deno.test("safetensors: every dtype is known by its size", async () => {
  for (const [dtype, size] of Object.entries(dtypes)) {
    const { tensors } = await list(
      safetensorsFile({ a: entry(dtype, [2], 0, 2 * size) }, 2 * size),
    );
    assertEquals(tensors[0]?.dtype, dtype);
    assertEquals(tensors[0]?.bytes, 2 * size);
  }
});

Deno.test("safetensors: metadata is kept and is no tensor", async () => {
  const { tensors, metadata } = await list(safetensorsFile({ __metadata__: { format: "pt" } }));
  assertEquals([tensors.length, metadata], [0, { format: "pt" }]);
});

Deno.test("safetensors: header may be padded, data may have gaps and come in any order", async () => {
  const header = JSON.stringify({ a: entry("U8", [2], 6, 8), b: entry("U8", [1], 0, 1) }) + "   ";
  const data = Uint8Array.of(7, 0, 0, 0, 0, 0, 8, 9, 0);
  const { tensors } = await list(safetensorsFile(header, data));
  assertEquals([...await valuesOf(tensors[0]!)], [8, 9]);
  assertEquals([...await valuesOf(tensors[1]!)], [7]);
});

Deno.test("safetensors: scalars and tensors of no elements are listed", async () => {
  const header = {
    scalar: entry("F32", [], 0, 4),
    empty: entry("F32", [0], 4, 4),
    wide: entry("F32", [3, 0, 5], 2, 2),
  };
  const { tensors } = await list(safetensorsFile(header, 4));
  assertEquals(tensors.map(({ bytes }) => bytes), [4, 0, 0]);
});

Deno.test("safetensors: a tensor of NaN reads as NaN", async () => {
  const data = new Uint8Array(new Float32Array(4).fill(NaN).buffer);
  const { tensors } = await list(safetensorsFile({ a: entry("F32", [2, 2], 0, 16) }, data));
  assert((await valuesOf(tensors[0]!)).every(Number.isNaN));
});

Deno.test("safetensors: any well-formed name survives", async () => {
  const names = [
    "a/b/c",
    "a.b..c.",
    "with spaces",
    "ключ/层/🧠",
    'quote"\\back\n',
    "__proto__",
    "constructor",
    "%2F?#",
    "..",
    "x".repeat(300),
    "",
  ];
  const text = names.map((name) =>
    `${JSON.stringify(name)}:${JSON.stringify(entry("U8", [0], 0, 0))}`
  );
  const { tensors } = await list(safetensorsFile(`{${text.join(",")}}`));
  assertEquals(tensors.map(({ name }) => name), names);
});

const file = safetensors;
refused("an empty file", file, () => utf8(""), "file size is 0", "at least 8");
refused("a file of 7 bytes", file, () => new Uint8Array(7), "file size is 7");
refused("a header length of 0", file, () => safetensorsFile("{}", 0, 0), "header length is 0");
refused(
  "a header longer than the file",
  file,
  () => safetensorsFile("{}", 0, 3),
  "header length is 3",
  "2 to 2 in 10 bytes",
);
refused(
  "a header length of 2^63",
  file,
  () => safetensorsFile("{}", 0, 2n ** 63n),
  "header length is 9223372036854775808",
);
refused("a header cut short", file, () => safetensorsFile('{"a":'), "not JSON");
refused("a header that is no JSON", file, () => safetensorsFile("{weights}"), "not JSON");
refused("a header that is an array", file, () => safetensorsFile("[]"), "expected a JSON object");
refused("a header nested deep", file, () => safetensorsFile("[".repeat(1e5)), "header");
refused(
  "a header that is no UTF-8",
  file,
  () => safetensorsFile("{}", 0).with(9, 0xff),
  "expected UTF-8",
);
refused(
  "a name in half a surrogate pair",
  file,
  () => safetensorsFile('{"\\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
  "surrogate",
);
refused("a name given twice", file, () =>
  safetensorsFile(
    '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},' +
      '"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
    2,
  ), 'key "a" is given twice');
refused(
  "a field given twice",
  file,
  () => safetensorsFile('{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
  '"dtype"',
);
refused("an entry that is no object", file, () => safetensorsFile({ a: [1, 2] }), 'tensor "a"');
refused(
  "an unknown dtype",
  file,
  () => safetensorsFile({ a: entry("F33", [0], 0, 0) }),
  '"F33"',
  "BF16",
);
refused(
  "a dtype from the prototype",
  file,
  () => safetensorsFile({ a: entry("constructor", [0], 0, 0) }),
  '"constructor"',
);
refused("a dtype that is no text", file, () => safetensorsFile({ a: { dtype: 3 } }), "dtype is 3");
refused(
  "a missing shape",
  file,
  () => safetensorsFile({ a: { dtype: "U8" } }),
  "shape is undefined",
);
refused("a negative shape", file, one([-4], 0, 16), "shape is [-4]");
refused("a fractional shape", file, one([1.5], 0, 6), "shape is [1.5]");
refused("a shape of text", file, one(["4"], 0, 16), 'shape is ["4"]');
refused("a side of 2^60", file, one([2 ** 60], 0, 16), "shape");
refused("a product beyond 2^53", file, one([2 ** 30, 2 ** 30], 0, 16), "2^53");
refused("a product beyond 2^53 beside a zero", file, one([0, 2 ** 30, 2 ** 30], 0, 0), "2^53");
refused("a shape of 65 axes", file, one(new Array(65).fill(1), 0, 4), "at most 64");
refused("a size that the shape does not have", file, one([4], 0, 12), "12 bytes", "16 bytes");
refused("a span past the end", file, one([4], 52, 68), "[52, 68]", "<= 64");
refused("a span that starts after its end", file, one([4], 16, 0), "[16, 0]");
refused("a span before the start", file, one([4], -16, 0), "[-16, 0]");
refused("a fractional span", file, one([4], 0.5, 16.5), "[0.5, 16.5]");
refused("a span of 2^53", file, one([4], 0, 2 ** 53), "data_offsets");
refused(
  "a missing span",
  file,
  () => safetensorsFile({ a: { dtype: "U8", shape: [0] } }),
  "undefined",
);
refused("a file cut short", file, () => one([16], 0, 64)().subarray(0, -1), "<= 63");
refused(
  "overlapping tensors",
  file,
  () => safetensorsFile({ a: entry("U8", [4], 0, 4), b: entry("U8", [4], 3, 7) }, 8),
  "from 3",
  "from 4 on",
);
refused(
  "metadata that is no object",
  file,
  () => safetensorsFile({ __metadata__: "x" }),
  "__metadata__",
);
refused(
  "metadata that is no text",
  file,
  () => safetensorsFile({ __metadata__: { step: 3 } }),
  "__metadata__ is 3",
);

Deno.test("safetensors: flipped bytes give a listing inside the file or a named error", async () => {
  const header = {
    "blocks.0.weight": entry("F32", [2, 3], 0, 24),
    "blocks.0.bias": entry("BF16", [3], 24, 30),
    __metadata__: { format: "pt" },
  };
  const valid = safetensorsFile(header, 30);
  const flip = fc.tuple(fc.nat(valid.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 6 }), async (flips) => {
      const bytes = valid.slice();
      for (const [at, value] of flips) bytes[at] = value;
      await listsInside(bytes);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("safetensors: a file cut anywhere is refused", async () => {
  const valid = safetensorsFile({ a: entry("F32", [2, 3], 0, 24) }, 24);
  for (let length = 0; length < valid.length; length++) {
    await assertRejects(() => list(valid.subarray(0, length)), SynaptileError);
  }
});

/** Never reads more than there is, and lists nothing outside. */
async function listsInside(bytes: Uint8Array): Promise<void> {
  const source = new MeteredSource(new MemorySource("flipped", bytes));
  try {
    for (const tensor of (await safetensors.list(source)).tensors) {
      assert(tensor.offset >= 0 && tensor.offset + tensor.bytes <= bytes.length);
    }
  } catch (error) {
    assert(error instanceof SynaptileError, String(error));
  }
  assert(source.bytes <= bytes.length + 8);
}

Deno.test("safetensors: 10,000 tensors in 10 GB open in 50 ms and 2 MB of reading", () =>
  inFolder(async (folder) => {
    const path = sparse["safetensors"]!(folder);
    await opensInTime(safetensors, path, ({ listing: { tensors }, source }) => {
      assertEquals(tensors.length, COUNT);
      assertEquals(tensors.at(-1)!.offset + BYTES, source.size);
      assert(source.bytes <= 2e6, `${source.bytes} bytes read`);
    }, 50);
  }));
