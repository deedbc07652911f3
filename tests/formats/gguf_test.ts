import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { reference } from "../../src/compute/reference.ts";
import { SynaptileError } from "../../src/errors.ts";
import { readCells, type SyncSource } from "../../src/field/cells.ts";
import { fold } from "../../src/field/plane.ts";
import type { Listing, TensorInfo } from "../../src/formats/format.ts";
import { gguf } from "../../src/formats/gguf.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { openSource } from "../../src/storage/open.ts";
import { concat, u32 } from "./build.ts";
import { ggufFile, list as listOf, number, pair, text, word } from "./gguf_build.ts";
import { valuesOf } from "./values.ts";

const fixtures = new URL("../../fixtures/gguf/", import.meta.url);
const fixture = (name: string) => new URL(name, fixtures).pathname;
const list = (bytes: Uint8Array) => gguf.list(new MemorySource("given.gguf", bytes));

interface Expected {
  readonly type: string;
  readonly shape: readonly number[];
  readonly sum?: number;
  readonly squares?: number;
  readonly first?: readonly number[];
  readonly scale?: { readonly shape: readonly number[]; readonly values: readonly number[] };
  readonly min?: { readonly shape: readonly number[]; readonly values: readonly number[] };
  readonly heads?: number | null;
  readonly column?: readonly number[];
}
const expected: Record<string, Record<string, Expected>> = JSON.parse(
  await Deno.readTextFile(fixture("expected.json")),
);

/** A tensor's cells as the engine reads them, row by row. */
function cellsOf(tensor: TensorInfo): Float32Array {
  const plane = fold(tensor);
  const { width, height, cells } = plane;
  const values = new Float32Array(width * height);
  const source = openSource(tensor.source) as SyncSource;
  const clock = { read: 0, decode: 0 };
  const reader = { plane, source, ops: reference, clock, cancelled: () => {} };
  reference.frame(() =>
    readCells(reader, { x: 0, y: 0, width, height }, { values, start: 0, pitch: width })
  );
  source.close();
  return values.subarray(0, cells);
}

const near = (found: number, want: number, what: string) =>
  assertAlmostEquals(found, want, 1e-7 * Math.abs(want) + 1e-9, what);

async function listed(name: string, work: (listing: Listing) => void | Promise<void>) {
  const source = new FileSource(fixture(`${name}.gguf`));
  try {
    await work(await gguf.list(source));
  } finally {
    source.close();
  }
}

for (const name of ["types", "big-endian"]) {
  Deno.test(`gguf: ${name}.gguf holds what gguf-py wrote`, () =>
    listed(name, ({ tensors }) => {
      assertEquals(tensors.map((tensor) => tensor.name), Object.keys(expected[name]!));
      for (const tensor of tensors) {
        const { type, shape, sum, squares, first } = expected[name]![tensor.name]!;
        assertEquals([tensor.dtype, tensor.shape], [type, shape]);
        if (sum === undefined || squares === undefined) continue;
        const values = cellsOf(tensor);
        first!.forEach((value, i) => near(values[i]!, value, `${tensor.name} value ${i}`));
        const size = Math.sqrt(squares * values.length);
        const total = values.reduce((a, b) => a + b, 0);
        assertAlmostEquals(total, sum, 1e-6 * size, `${tensor.name} sum`);
        const norm = values.reduce((a, b) => a + b * b, 0);
        assertAlmostEquals(norm, squares, 1e-6 * squares, `${tensor.name} squares`);
      }
    }));
}

Deno.test("gguf: the scales and minima of blocks are planes of their own", () =>
  listed("types", ({ tensors, views = [] }) => {
    const wanted = Object.entries(expected["types"]!).flatMap(([name, { scale, min }]) => [
      ...(scale ? [[`${name}:scale`, scale] as const] : []),
      ...(min ? [[`${name}:min`, min] as const] : []),
    ]);
    assertEquals(views.map(({ name }) => name).toSorted(), wanted.map(([name]) => name).toSorted());
    for (const [name, { shape, values }] of wanted) {
      const view = views.find((view) => view.name === name)!;
      const tensor = tensors.find((tensor) => name.startsWith(`${tensor.name}:`))!;
      assertEquals(view.shape, shape, name);
      assert(view.offset >= tensor.offset, name);
      assert(view.offset + view.bytes <= tensor.offset + tensor.bytes, name);
      cellsOf(view).forEach((value, i) => near(value, values[i]!, `${name} value ${i}`));
    }
  }));

Deno.test("gguf: metadata of every type, of lists the length and four items", () =>
  listed("types", ({ metadata, ignored }) => {
    assertEquals(metadata, {
      version: 3,
      "general.architecture": "fixture",
      "a.u8": 255,
      "a.i8": -128,
      "a.u16": 65535,
      "a.i16": -32768,
      "a.u32": 2 ** 32 - 1,
      "a.i32": -(2 ** 31),
      "a.f32": Math.fround(0.1),
      "a.bool": true,
      "a.string": "größer als 🌍",
      "a.u64": "9223372036854775808",
      "a.i64": -(2 ** 53) + 1,
      "a.f64": 0.1,
      "list.numbers": { count: 2000, first: [0, 1, 2, 3] },
      "list.strings": { count: 500, first: ["w0", "w1", "w2", "w3"] },
      "list.bools": { count: 5, first: [true, false, true, true] },
      "list.lists": { count: 2, first: [null, null] },
    });
    assertEquals(ignored, [{ name: "Q1_0", reason: "its element type is ggml's 41" }]);
  }));

Deno.test("gguf: a file written the other way round is read by its version field", () =>
  listed("big-endian", ({ tensors, metadata }) => {
    assert(tensors.every(({ bigEndian }) => bigEndian));
    assertEquals(metadata["a.u32"], 7);
    assertEquals(metadata["a.f64"], 0.1);
    assertEquals(metadata["list.strings"], { count: 2, first: ["first", "second"] });
  }));

Deno.test("gguf: queries and keys are shown in the order they had before they were converted", () =>
  listed("llama", ({ tensors, views }) => {
    for (const tensor of tensors) {
      const { heads, shape, column } = expected["llama"]![tensor.name]!;
      assertEquals(tensor.shape, shape);
      assertEquals(tensor.note !== undefined, heads !== null, tensor.name);
      const values = cellsOf(tensor);
      const width = values.length / column!.length;
      column!.forEach((value, row) => near(values[row * width]!, value, `${tensor.name} ${row}`));
    }
    // A row's scale moves with it: its largest element is 127 of them.
    const [query] = tensors;
    const [scales] = views!;
    assertEquals(scales!.shape, [32, 2]);
    const values = cellsOf(query!);
    cellsOf(scales!).forEach((scale, i) => {
      const block = values.subarray(i * 32, (i + 1) * 32).map(Math.abs);
      near(block.reduce((a, b) => Math.max(a, b)), 127 * scale, `block ${i}`);
    });
  }));

const query = { name: "blk.0.attn_q.weight", dims: [4, 8] };
const llama = (...pairs: readonly Uint8Array[]) =>
  list(ggufFile({ pairs, tensors: [query], data: 128 })).then(({ tensors }) => tensors[0]!);

Deno.test("gguf: rows stay as they are stored where nothing says that a converter moved them", async () => {
  const heads = number("x.attention.head_count", 2);
  const architecture = (name: string) => word("general.architecture", name);
  const layout = (text: string) => word("x.tensor_data_layout", text);
  const llamaHeads = number("llama.attention.head_count", 2);
  assert((await llama(architecture("llama"), llamaHeads)).composed);
  assert((await llama(architecture("x"), heads, layout("Meta AI original pth"))).composed);
  const list = pair("llama.attention.head_count", 9, listOf(4, 2, u32(2), u32(4)));
  assert((await llama(architecture("llama"), list)).composed);
  for (
    const stored of [
      [architecture("qwen2"), number("qwen2.attention.head_count", 2)],
      [architecture("x"), heads],
      [architecture("llama"), llamaHeads, word("llama.tensor_data_layout", "reference")],
      [architecture("llama")],
      [architecture("llama"), number("llama.attention.head_count", 0)],
      [architecture("llama"), number("llama.attention.head_count", 3)],
      [architecture("llama"), word("llama.attention.head_count", "2")],
      [architecture("llama"), pair("llama.attention.head_count", 6, u32(0x3fc00000))],
    ]
  ) {
    const tensor = await llama(...stored);
    assertEquals([tensor.composed, tensor.note], [undefined, undefined]);
  }
});

Deno.test("gguf: version 2, other alignments, gaps and any order of tensors are read", async () => {
  const data = new Uint8Array(24);
  data.set([1, 2], 16);
  data[8] = 3;
  const tensors = [
    { name: "a", dims: [2, 1], type: 24, offset: 16 },
    { name: "b", dims: [], type: 24, offset: 8 },
    { name: "empty", dims: [0, 5], type: 0, offset: 0 },
  ];
  const pairs = [number("general.alignment", 8)];
  const listing = await list(ggufFile({ version: 2, pairs, tensors, data, alignment: 8 }));
  assertEquals(listing.metadata, { version: 2, "general.alignment": 8 });
  assertEquals(listing.tensors.map(({ shape }) => shape), [[1, 2], [], [5, 0]]);
  assertEquals([...await valuesOf(listing.tensors[0]!)], [1, 2]);
  assertEquals([...await valuesOf(listing.tensors[1]!)], [3]);
});

Deno.test("gguf: a shape that the converter had to flatten is the one it noted", async () => {
  const key = "comfy.gguf.orig_shape.conv";
  const shaped = async (...sides: number[]) => {
    const pairs = [pair(key, 9, listOf(4, sides.length, u32(...sides)))];
    const tensors = [{ name: "conv", dims: [32, 9], type: 8 }];
    return (await list(ggufFile({ pairs, tensors, data: 9 * 34 }))).tensors[0]!;
  };
  const tensor = await shaped(8, 4, 3, 3);
  assertEquals([tensor.shape, tensor.strides], [[8, 4, 3, 3], [36, 9, 3, 1]]);
  assertEquals(cellsOf(tensor).length, 288);
  assertEquals((await shaped(8, 4, 3, 4)).shape, [9, 32]);
});

Deno.test("gguf: text that is long is cut, text that is no UTF-8 mended", async () => {
  const odd = pair("odd", 8, concat(text("", 1), Uint8Array.of(0xff)));
  const pairs = [word("long", "x".repeat(400_000)), odd, number("last", 1)];
  const { metadata } = await list(ggufFile({ pairs }));
  assertEquals(String(metadata["long"]).length, (256 << 10) + 1);
  assertEquals([metadata["odd"], metadata["last"]], ["\ufffd", 1]);
});

Deno.test("gguf: a view that has a tensor's name gives way to it", async () => {
  const tensors = [
    { name: "a", dims: [32], type: 8 },
    { name: "a:scale", dims: [1], offset: 64 },
  ];
  const { views } = await list(ggufFile({ tensors, data: 68 }));
  assertEquals(views, []);
});

Deno.test("gguf: flipped bytes and cuts give tensors inside the file or a named error", async () => {
  const files = ["types", "llama", "big-endian"].map((name) => fixture(`${name}.gguf`));
  const bytes = files.map((path) => Deno.readFileSync(path));
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
  const cut = fc.option(fc.nat());
  await fc.assert(
    fc.asyncProperty(fc.nat(2), flips, cut, fc.boolean(), async (file, flips, cut, anywhere) => {
      const changed = bytes[file]!.slice(0, cut === null ? undefined : cut % bytes[file]!.length);
      // Mostly in the header, where it counts.
      const range = anywhere ? changed.length : Math.min(changed.length, 3000);
      for (const [at, value] of flips) if (range > 0) changed[at % range] = value;
      await listsInside(changed);
    }),
    { numRuns: 2000 },
  );
});

async function listsInside(bytes: Uint8Array): Promise<void> {
  const source = new MeteredSource(new MemorySource("flipped", bytes));
  try {
    const { tensors, views = [] } = await gguf.list(source);
    for (const tensor of [...tensors, ...views]) {
      assert(tensor.offset >= 0 && tensor.offset + tensor.bytes <= bytes.length);
    }
  } catch (error) {
    assert(error instanceof SynaptileError, String(error));
  }
  assert(source.bytes <= bytes.length);
}
