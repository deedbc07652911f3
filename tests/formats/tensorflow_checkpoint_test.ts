import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { FormatError, SynaptileError } from "../../src/errors.ts";
import { sliceKey } from "../../src/formats/tensorflow/slices.ts";
import { checkpoint } from "../../src/formats/tensorflow_checkpoint.ts";
import { openModel } from "../../src/model/open.ts";
import { verifyModel } from "../../src/model/verify.ts";
import { openBeside, wrongFile } from "../../src/storage/beside.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import type { Source } from "../../src/storage/source.ts";
import { inFolder } from "../storage/folder.ts";
import { concat, utf8 } from "./build.ts";
import { opensInTime } from "./opening.ts";
import { field } from "./protobuf_build.ts";
import { COUNT, sparse } from "./sparse.ts";
import { type EntryFields, entryOf, indexOf, tableEntry, tableOf } from "./tensorflow_build.ts";
import { valuesOf } from "./values.ts";

const fixtures = new URL("../../fixtures/tensorflow/", import.meta.url);

const checkpoints = [
  ["partitioned", "model.ckpt-7"],
  ["big", "variables"],
  ["v1", "model.ckpt-3"],
  ["v1_saved", "variables/variables"],
  ["module", "variables/variables"],
  ["exported", "variables/variables"],
];
for (const [folder, index] of checkpoints) {
  Deno.test(`tensorflow: the ${folder} checkpoint reads as it was written`, async () => {
    const path = new URL(`${folder}/${index}.index`, fixtures).pathname;
    const expected = JSON.parse(
      Deno.readTextFileSync(new URL(`${folder}/expected.json`, fixtures)),
    );
    const source = new FileSource(path);
    const beside = (name: string) => Promise.resolve(openBeside(path, name));
    const { tensors } = await checkpoint.list(source, { beside });
    assertEquals(tensors.map(({ name }) => name), Object.keys(expected));
    for (const tensor of tensors) {
      const { shape, values } = expected[tensor.name];
      assertEquals(tensor.shape, shape, tensor.name);
      assertEquals([...await valuesOf(tensor)], values, tensor.name);
    }
    source.close();
  });
}

Deno.test("tensorflow: slices that follow each other in one file are one span of it", async () => {
  const path = new URL("partitioned/model.ckpt-7.index", fixtures).pathname;
  const source = new FileSource(path);
  const beside = (name: string) => Promise.resolve(openBeside(path, name));
  const { tensors, ignored } = await checkpoint.list(source, { beside });
  const kinds = new Map(tensors.map(({ name, source }) => [name, source.kind]));
  assertEquals(kinds.get("next/to each other"), "file");
  assertEquals(["rows", "columns", "tiles"].map((name) => kinds.get(name)), [
    "assembled",
    "assembled",
    "assembled",
  ]);
  assertEquals(ignored, [
    { name: "_CHECKPOINTABLE_OBJECT_GRAPH", reason: "its elements are strings" },
    { name: "spectrum", reason: "its elements are of type COMPLEX64" },
  ]);
  source.close();
});

Deno.test("tensorflow: keys of slices are ordered code", () => {
  // As TensorFlow's own test of the code has them.
  const numbers: readonly (readonly [number, string])[] = [
    [0, "\x80"],
    [-1, "\x7f"],
    [63, "\xbf"],
    [64, "\xc0@"],
    [8191, "\xdf\xff"],
    [8192, "\xe0 \x00"],
    [1048575, "\xef\xff\xff"],
    [1048576, "\xf0\x10\x00\x00"],
    [67108863, "\xf3\xff\xff\xff"],
  ];
  for (const [start, code] of numbers) {
    assertEquals(sliceKey("foo", [{ start, length: -1 }]), `\0foo\0\x01\x01\x01${code}\x7f`);
  }
  assertEquals(sliceKey("\0\x01\xff", []), "\0\0\xff\x01\xff\0\0\x01\x01\0");
});

Deno.test("tensorflow: a folder opens as its checkpoint, the files beside are no models", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.index`, indexOf({ w: { shape: [2], size: 8 } }));
    await Deno.writeFile(`${folder}/a.data-00000-of-00001`, new Uint8Array(8));
    const model = await openModel(folder);
    assertEquals([model.format, model.tensors[0]?.name], ["tensorflow", "w"]);
    model.close();
    const names = ["a.index", "a.meta", "a.data-00000-of-00001", "checkpoint", "ab.meta", "b.txt"];
    assertEquals(checkpoint.companions!("a.index", names), names.slice(1, 4));
  }));

Deno.test("tensorflow: claims an index by its name and first entry", () => {
  const index = Deno.readFileSync(new URL("partitioned/model.ckpt-7.index", fixtures));
  assert(checkpoint.claims(index, "x/model.ckpt-7.index"));
  assert(checkpoint.claims(indexOf({}), "a.index"));
  assert(checkpoint.claims(utf8(""), "a.index"));
  assert(!checkpoint.claims(indexOf({}), "a.bin"));
  assert(!checkpoint.claims(utf8("IxF2\x10"), "faiss.index"));
});

const list = (index: Uint8Array, bytes = 64) => {
  const beside = (path: string): Promise<Source> => {
    if (path.endsWith(".meta")) return Promise.reject(wrongFile("hostile", path, "a file"));
    assert(path.startsWith("hostile.data-0000"), path);
    return Promise.resolve(new MemorySource(path, new Uint8Array(bytes)));
  };
  return checkpoint.list(new MemorySource("/x/hostile.index", index), { beside });
};
const one = (fields: EntryFields) => () => indexOf({ w: { shape: [2], size: 8, ...fields } });
/** A variable of [4, 2] in the given slices, of which those named have entries. */
const sliced = (
  slices: readonly (readonly (readonly [number, number])[])[],
  entries: Readonly<Record<string, EntryFields>> = {},
) =>
() => {
  const own = slices.map((slice): [string, EntryFields] => {
    const key = sliceKey("w", slice.map(([start, length]) => ({ start, length })));
    const shape = slice.map(([, length]) => length);
    return [key, entries[String(slice)] ?? { shape, size: 8 * shape[0]! }];
  });
  const sorted = own.sort(([a], [b]) => a < b ? -1 : 1);
  return indexOf({ ...Object.fromEntries(sorted), w: { shape: [4, 2], slices } });
};
const header = (...fields: Uint8Array[]) => () => indexOf({}, concat(...fields));

const cases: readonly (readonly [string, () => Uint8Array, ...string[]])[] = [
  ["no entries", () => tableOf(utf8("")), "table is empty"],
  ["a first key of another name", () => tableOf(tableEntry("w", utf8(""))), 'first key is "w"'],
  ["-1 shards", header(field(1, 2 ** 52), field(2, 0)), "num_shards is 4503599627370496"],
  ["a third byte order", header(field(1, 1), field(2, 2)), "endianness is 2"],
  ["a later version", header(field(3, field(2, 2))), "for readers of version 2"],
  ["a header that is no message", header(utf8("\x0f")), "wire type"],
  ["a shape of 65 axes", one({ shape: new Array(65).fill(1) }), 'entry "w" shape', "at most 64"],
  ["a side beyond 2^53", one({ shape: [2 ** 52, 2 ** 52] }), 'entry "w" shape', "2^53"],
  [
    "a size that is not the shape's",
    one({ size: 12 }),
    'entry "w", size is 12, expected 8 bytes for [2]',
  ],
  ["bytes beyond the shard", one({ offset: 57 }), '"w" is 8 bytes at 57, expected within 64 bytes'],
  ["an offset of 2^53", one({ offset: 2 ** 53 }), "expected within 64 bytes"],
  ["a shard that the header lacks", one({ shard: 1 }), 'entry "w", shard is 1, expected one of 1'],
  ["a slice without an entry", () => indexOf({ w: { shape: [4], slices: [[[0, 4]]] } }), "missing"],
  ["a slice of other axes", sliced([[[0, 4]]]), "a slice of 1 axes", "2 axes"],
  ["a slice beyond the whole", sliced([[[0, 4], [1, 2]]]), "a slice [4,2] at [0,1]", "inside"],
  ["slices that leave a gap", sliced([[[0, 1], [0, 2]], [[2, 2], [0, 2]]]), "slices of 6 elements"],
  ["slices that overlap", sliced([[[0, 2], [0, 2]], [[1, 2], [0, 2]]]), "8 elements once"],
  [
    "slices of two axes that overlap",
    sliced([[[0, 2], [0, 2]], [[0, 2], [0, 1]], [[2, 2], [1, 1]]]),
    "8 elements once",
  ],
  [
    "slices of two axes, not next to each other, that overlap",
    sliced([[[0, 4], [0, 1]], [[1, 1], [1, 1]], [[2, 2], [0, 1]], [[3, 1], [1, 1]]]),
    "slices of 8 elements",
  ],
  [
    "a slice of another shape",
    sliced([[[0, 2], [0, 2]], [[2, 2], [0, 2]]], { "0,2,0,2": { shape: [4], size: 16 } }),
    "slice at [0,0] is [4] of type 1, expected [2,2] of type 1",
  ],
  [
    "a slice of another type",
    sliced([[[0, 2], [0, 2]], [[2, 2], [0, 2]]], {
      "0,2,0,2": { type: 9, shape: [2, 2], size: 32 },
    }),
    "of type 9",
  ],
  [
    "a slice of another size",
    sliced([[[0, 2], [0, 2]], [[2, 2], [0, 2]]], { "0,2,0,2": { shape: [2, 2], size: 8 } }),
    "size is 8, expected 16",
  ],
];
for (const [what, index, ...parts] of cases) {
  Deno.test(`tensorflow: an index of ${what} is refused`, async () => {
    const { message } = await assertRejects(() => list(index()), FormatError);
    for (const part of ["hostile", ...parts]) assertStringIncludes(message, part);
  });
}

Deno.test("tensorflow: slices with something between them are put together", async () => {
  const slices = [[[0, 2], [0, 2]], [[2, 2], [0, 2]]] as const;
  const index = sliced(slices, { "2,2,0,2": { shape: [2, 2], size: 16, offset: 32 } })();
  const { tensors } = await list(index);
  assertEquals(tensors[0]!.source.kind, "assembled");
  assertEquals((await valuesOf(tensors[0]!)).length, 8);
});

Deno.test("tensorflow: a missing shard and a link out of the folder are refused", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/m`);
    await Deno.writeFile(`${folder}/m/a.index`, one({})());
    const path = `${folder}/m/a.data-00000-of-00001`;
    const missing = await assertRejects(() => openModel(`${folder}/m/a.index`), FormatError);
    assertStringIncludes(missing.message, '"a.data-00000-of-00001", expected a file that can be');
    await Deno.writeFile(`${folder}/out`, new Uint8Array(8));
    await Deno.symlink(`${folder}/out`, path);
    const outside = await assertRejects(() => openModel(`${folder}/m/a.index`), FormatError);
    assertStringIncludes(outside.message, "a link out of it");
    await assertRejects(() => list(one({ shard: 0 })(), 7), FormatError, "within 7 bytes");
  }));

Deno.test("tensorflow: entries mutated behind right checksums give spans inside or named errors", async () => {
  const bytes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(bytes, async (changes) => {
      const slices = [[[0, 2], [0, 2]], [[2, 2], [0, 2]]] as const;
      const entries = [
        tableEntry("", concat(field(1, 1), field(3, field(1, 1)))),
        ...slices.map((slice) => {
          const key = sliceKey("w", slice.map(([start, length]) => ({ start, length })));
          return tableEntry(key, entryOf({ shape: [2, 2], size: 16, offset: slice[0][0] * 8 }));
        }),
        tableEntry("v", entryOf({ shape: [3, 4], size: 48 })),
        tableEntry("w", entryOf({ shape: [4, 2], slices })),
      ];
      const body = concat(...entries);
      for (const [at, value] of changes) body[at % body.length] = value;
      try {
        for (const tensor of (await list(tableOf(body))).tensors) {
          assert(tensor.bytes <= 64);
          await valuesOf(tensor);
        }
      } catch (error) {
        assert(error instanceof SynaptileError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("tensorflow: the checksums that TensorFlow wrote are its tensors'", async () => {
  for (const folder of ["v1", "v1_saved", "module", "partitioned"]) {
    const path = new URL(folder, fixtures).pathname;
    const model = await openModel(path);
    const bytes = model.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
    // A spectrum of two complex numbers is summed too, though it is not drawn.
    assertEquals(await verifyModel(path), bytes + (folder === "partitioned" ? 16 : 0));
    model.close();
  }
});

Deno.test("tensorflow: a flipped byte of a tensor is told of where it lies", () =>
  inFolder(async (folder) => {
    for (const name of ["index", "data-00000-of-00001"]) {
      const bytes = Deno.readFileSync(new URL(`v1/model.ckpt-3.${name}`, fixtures));
      if (name !== "index") bytes[1000]! ^= 1;
      await Deno.writeFile(`${folder}/m.${name}`, bytes);
    }
    const { message } = await assertRejects(() => verifyModel(folder), FormatError);
    assertStringIncludes(message, "m.data-00000-of-00001: masked CRC-32C of ");
    assertStringIncludes(message, "net/rows/kernel");
  }));

Deno.test("tensorflow: 10,000 tensors in a sparse 10 GB open in 300 ms, reading only the index", () =>
  inFolder(async (folder) => {
    const path = sparse["tensorflow checkpoint"]!(folder);
    await opensInTime(checkpoint, path, ({ listing: { tensors }, source, others }) => {
      assertEquals(tensors.length, COUNT);
      assertEquals([source.reads, source.bytes], [1, source.size]);
      assert(others.every(({ reads }) => reads === 0));
    });
  }));
