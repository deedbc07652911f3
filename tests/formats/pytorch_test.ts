import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { pytorch } from "../../src/formats/pytorch.ts";
import { detect } from "../../src/formats/table.ts";
import type { Listing, TensorInfo } from "../../src/formats/format.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { concat, utf8, zipFile } from "./build.ts";
import {
  call,
  checkpoint,
  dict,
  global,
  item,
  legacy,
  list,
  op,
  storage,
  tensor,
  tuple,
} from "./pytorch_build.ts";
import { valuesOf } from "./values.ts";

interface Expected {
  readonly tensors: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  readonly ignored: readonly string[];
}

const fixtures = new URL("../../fixtures/pytorch/", import.meta.url);
const expected: Record<string, Expected> = JSON.parse(
  Deno.readTextFileSync(new URL("expected.json", fixtures)),
);

const open = (name: string) => pytorch.list(new MemorySource(name, read(name)));
const read = (name: string) => Deno.readFileSync(new URL(name, fixtures));
const of = (bytes: Uint8Array) => pytorch.list(new MemorySource("given.pt", bytes));

for (const [name, { tensors, ignored }] of Object.entries(expected)) {
  if (name === "frozen.pt") continue;
  Deno.test(`pytorch: ${name} reads as PyTorch reads it`, async () => {
    const listing = await open(name);
    assertEquals(listing.tensors.map(({ name }) => name).sort(), Object.keys(tensors).sort());
    assertEquals(listing.ignored!.map(({ name }) => name), ignored);
    for (const tensor of listing.tensors) {
      const { shape, values } = tensors[tensor.name]!;
      assertEquals(tensor.shape, shape, tensor.name);
      const found = await drawn(tensor);
      assertEquals(found.length, values.length, tensor.name);
      found.forEach((value, i) => assertAlmostEquals(value, values[i]!, 1e-6, tensor.name));
    }
  });
}

/** The values that a tensor stands for. */
async function drawn(tensor: TensorInfo): Promise<number[]> {
  const { scale, offset } = tensor.affine ?? { scale: 1, offset: 0 };
  return Array.from(await valuesOf(tensor), (stored) => stored * scale + offset);
}

Deno.test("pytorch: the constants of a frozen module are its weights", async () => {
  const weights = Object.values(expected["module.pt"]!.tensors).map(({ values }) => values.join());
  const { tensors } = await open("frozen.pt");
  assertEquals(tensors.map(({ name }) => name), tensors.map((_, i) => `constants.${i}`));
  assertEquals(tensors.length, 7);
  for (const tensor of tensors) assert(weights.includes((await drawn(tensor)).join()), tensor.name);
});

Deno.test("pytorch: what is no tensor becomes metadata", async () => {
  const { metadata } = await open("kinds.pt");
  assertEquals(metadata, {
    epoch: 7,
    lr: 1e-3,
    text: "plain",
    huge: String(2n ** 70n),
    no: null,
    nan: "NaN",
    letters: { count: 2, first: ["a", "b"] },
    set: { count: 2, first: [1, 2] },
    frozen: { count: 1, first: [1] },
    size: { count: 2, first: [1, 2] },
    "args.width": 4,
    "counts.a": 2,
    "counts.b": 1,
  });
  assertEquals((await open("module.pt")).metadata, {});
  assertEquals((await open("script.pt")).metadata, {});
});

for (const protocol of [0, 1, 2, 3, 4, 5]) {
  Deno.test(`pytorch: plain values in protocol ${protocol}`, async () => {
    const { tensors, ignored, metadata } = await open(`plain-${protocol}.pt`);
    assertEquals([tensors, ignored], [[], []]);
    assertEquals(metadata, {
      ints: { count: 8, first: [0, 255, 256, 65535, 65536, -1, -(2 ** 31), 2 ** 31] },
      longs: { count: 4, first: [-(2 ** 40), `${2n ** 63n}`, `-${2n ** 70n}`, 1] },
      yes: true,
      no: false,
      floats: { count: 4, first: [0.5, -1e300, "Infinity", "-Infinity"] },
      none: null,
      text: "ä\n\\ € 😀",
      "long text": "x".repeat(300),
      "plain.width": 3,
      "keyed.a": 1,
      "listed.0": true,
      "tuples.one": { count: 1, first: [1] },
      "tuples.two": { count: 2, first: [1, 2] },
      "tuples.three": { count: 3, first: [1, 2, 3] },
      "tuples.four": { count: 4, first: [1, 2, 3, 4] },
      "sets.0": { count: 1, first: [1] },
      "sets.1": { count: 1, first: [2] },
      ...(protocol >= 4 ? { "extended.width": 5 } : {}),
    });
  });
}

Deno.test("pytorch: tied weights keep all their names, at one place", async () => {
  const { tensors } = await open("module.pt");
  const [first, tied] = ["first.weight", "tied.weight"]
    .map((name) => tensors.find((tensor) => tensor.name === name)!);
  assertEquals(first!.offset, tied!.offset);
});

Deno.test("pytorch: both endians give the same values", async () => {
  const [little, big] = [await open("tensors.pt"), await open("big-endian.pt")];
  assertEquals(little.tensors.map(({ bigEndian }) => bigEndian), [false, false, false]);
  assertEquals(big.tensors.map(({ bigEndian }) => bigEndian), [true, true, false]);
});

const named: readonly (readonly [string, Uint8Array, string])[] = [
  ["model.pt", read("kinds.pt"), "pytorch"],
  ["pytorch_model.bin", read("kinds.pt"), "pytorch"],
  ["anything", read("kinds.pt"), "pytorch"],
  ["anything", read("script.pt"), "pytorch"],
  ["anything", read("kinds-legacy.pth"), "pytorch"],
  ["anything", read("kinds-legacy-protocol-4.pth"), "pytorch"],
  ["arrays.npz", read("kinds.pt"), "pytorch"],
  ["model.pt", new Uint8Array(), "pytorch"],
  ["model.pth", new Uint8Array(), "pytorch"],
];
for (const [name, bytes, format] of named) {
  Deno.test(`pytorch: ${name} of ${bytes.length} bytes is ${format}`, () => {
    assertEquals(detect(bytes.subarray(0, 4096), name).name, format);
  });
}

Deno.test("pytorch: other archives and pickles are not claimed", () => {
  const archive = zipFile([{ name: "readme.txt", data: utf8("hello") }]);
  assertEquals(pytorch.claims(archive, "some.zip"), false);
  assertEquals(pytorch.claims(archive, "some.pt"), true); // to say what is missing in it
  assertEquals(pytorch.claims(op(0x80, 4, "N."), "some.pkl"), false);
  assertEquals(pytorch.claims(utf8("import site"), "paths.pth"), false);
});

/** Names and values of all tensors. */
async function values(listing: Listing): Promise<Record<string, number[]>> {
  const all = listing.tensors.map(async (tensor) => [tensor.name, await drawn(tensor)]);
  return Object.fromEntries(await Promise.all(all));
}

Deno.test("pytorch: element types newer than the fixtures", async () => {
  const bytes = Uint8Array.of(0, 1, 2, 0x38, 0x7f, 0x80, 0xff, 0x3c);
  const v3 = (dtype: string, count: number) =>
    call(
      "torch._utils",
      "_rebuild_tensor_v3",
      concat(
        tuple("storage", global("torch.storage", "UntypedStorage"), "0", "cpu", 8),
        op("Q"),
      ),
      0,
      tuple(count),
      tuple(1),
      false,
      call("collections", "OrderedDict"),
      global("torch", dtype),
    );
  const kinds: [string, number][] = [
    ["float8_e4m3fn", 8],
    ["float8_e5m2", 8],
    ["uint16", 4],
    ["uint32", 2],
    ["uint64", 1],
    ["float8_e5m2fnuz", 8],
    ["float8_e8m0fnu", 8],
    ["bits16", 4],
  ];
  const { tensors, ignored } = await of(
    checkpoint(dict(Object.fromEntries(kinds.map(([kind, n]) => [kind, v3(kind, n)]))), {
      0: bytes,
    }),
  );
  assertEquals(tensors.map(({ name, dtype, bytes }) => [name, dtype, bytes]), [
    ["float8_e4m3fn", "F8_E4M3", 8],
    ["float8_e5m2", "F8_E5M2", 8],
    ["uint16", "U16", 8],
    ["uint32", "U32", 8],
    ["uint64", "U64", 8],
  ]);
  assertEquals(ignored, [
    { name: "float8_e5m2fnuz", reason: "its elements are 8-bit floats of another kind" },
    { name: "float8_e8m0fnu", reason: "its elements are exponents alone" },
    { name: "bits16", reason: "its element type torch.bits16 is not known" },
  ]);
});

Deno.test("pytorch: a tensor marked as negated is", async () => {
  const marked = call(
    "torch._utils",
    "_rebuild_tensor_v2",
    ...[storage("FloatStorage", "0", 6), 1, tuple(2), tuple(2), false, dict({})],
    dict({ conj: false, neg: true }),
  );
  assertEquals(await values(await of(checkpoint(dict({ w: marked })))), { w: [-2, -4] });
});

Deno.test("pytorch: subclasses of tensors, and tensors that wrap others, are found", async () => {
  const subclass = (rebuild: string, args: Uint8Array, state: Uint8Array) =>
    call(
      "torch._tensor",
      "_rebuild_from_type_v2",
      global("torch._utils", rebuild),
      global("my", "Tensor"),
      args,
      state,
    );
  const plain = tuple(storage("FloatStorage", "0", 6), 2, tuple(2), tuple(1), false, dict({}));
  const wrapped = tuple(global("my", "Tensor"), global("torch", "float32"), tuple(2));
  const found = await of(checkpoint(dict({
    a: subclass("_rebuild_tensor_v2", plain, dict({})),
    b: subclass("_rebuild_wrapper_subclass", wrapped, dict({ inner: tensor([1]) })),
    c: call("torch._utils", "_rebuild_parameter_with_state", tensor([2]), true, dict({}), dict({})),
  })));
  assertEquals(await values(found), { a: [3, 4], "b.inner": [1], c: [1, 2] });
});

Deno.test("pytorch: objects of unknown classes open as their attributes", async () => {
  const made = concat(
    global("my.config", "Config"),
    op(")", 0x81),
    dict({ w: tensor([2]) }),
    op("b"),
  );
  const slots = concat(
    global("my", "Slots"),
    op(")", 0x81),
    tuple(null, dict({ w: tensor([1]) })),
    op("b"),
  );
  const dicts = concat(global("code.data", "Dict"), op(")", 0x81), item("k"), tensor([3]), op("s"));
  const lists = concat(global("my", "List"), op(")", 0x81), tensor([1]), op("a"));
  const found = await of(checkpoint(dict({ made, slots, dicts, lists, name: global("my", "f") })));
  assertEquals(await values(found), {
    "made.w": [1, 2],
    "slots.w": [1],
    "dicts.k": [1, 2, 3],
    "lists.0": [1],
  });
});

Deno.test("pytorch: names that coincide are told apart", async () => {
  const both = concat(op("}("), item(1), tensor([1]), item("1"), tensor([2]), op("u"));
  const found = await of(
    checkpoint(dict({ "a.b": tensor([1]), a: dict({ b: tensor([2]) }), both })),
  );
  assertEquals(found.tensors.map(({ name }) => name), ["a.b", "a.b (2)", "both.1", "both.1 (2)"]);
});

Deno.test("pytorch: a container that holds itself is gone through once", async () => {
  const self = concat(op("]q", 7), tensor([1]), op("ah", 7, "a"));
  const found = await of(checkpoint(self));
  assertEquals(found.tensors.map(({ name }) => name), ["0"]);
});

Deno.test("pytorch: a storage alone is a vector", async () => {
  assertEquals(await values(await of(checkpoint(storage("FloatStorage", "0", 6)))), {
    given: [1, 2, 3, 4, 5, 6],
  });
});

Deno.test("pytorch: views of storages in the older form, and bytes after its end", async () => {
  const view = (offset: number, count: number) =>
    call(
      "torch._utils",
      "_rebuild_tensor",
      storage("FloatStorage", "0", 6, tuple("v", offset, count)),
      1,
      tuple(2),
      tuple(1),
    );
  const made = list(tensor([6]), view(2, 3));
  for (const tail of [0, 5]) {
    assertEquals(await values(await of(legacy(made, ["0"], { tail }))), {
      0: [1, 2, 3, 4, 5, 6],
      1: [4, 5],
    });
  }
});

Deno.test("pytorch: 100,000 tuples within each other open", async () => {
  for (const wrap of [op(0x85), op("]"), op("}")]) {
    const deep = wrap.length === 1 && wrap[0] === 0x85
      ? concat(tensor([1]), new Uint8Array(100_000).fill(0x85))
      : concat(new Uint8Array(100_000).fill(wrap[0]!), new Uint8Array(99_999).fill(0x30));
    const { tensors, ignored } = await of(checkpoint(list(deep, tensor([2]))));
    assertEquals(tensors.map(({ name }) => name), ["1"]);
    assert(ignored!.length <= 1);
  }
});

Deno.test("pytorch: the header alone is read, in few reads", async () => {
  for (
    const [name, reads] of [["kinds.pt", 5], ["script.pt", 6], ["kinds-legacy.pth", 3]] as const
  ) {
    const source = new MeteredSource(new MemorySource(name, read(name)));
    await pytorch.list(source);
    assert(source.reads <= reads, `${name}: ${source.reads} reads`);
  }
});

Deno.test("pytorch: a file on disk is read as one in memory", async () => {
  const source = new FileSource(new URL("kinds-deflated.pt", fixtures).pathname);
  const { tensors } = await pytorch.list(source);
  source.close();
  const fromDisk = await Promise.all(tensors.map((tensor) => drawn(tensor)));
  const fromMemory = await Promise.all(
    (await open("kinds-deflated.pt")).tensors.map((tensor) => drawn(tensor)),
  );
  assertEquals(fromDisk, fromMemory);
});
