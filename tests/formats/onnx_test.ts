import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FormatError, SynaptileError, Unreadable } from "../../src/errors.ts";
import type { TensorInfo } from "../../src/formats/format.ts";
import { onnx } from "../../src/formats/onnx.ts";
import { claimant } from "../../src/formats/table.ts";
import { openBeside } from "../../src/storage/beside.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { openSource } from "../../src/storage/open.ts";
import type { Source } from "../../src/storage/source.ts";
import { inFolder } from "../storage/folder.ts";
import { concat, utf8 } from "./build.ts";
import { external, FLOAT, graphProto, node, onnxFile, raw, tensorProto } from "./onnx_build.ts";
import { opensInTime } from "./opening.ts";
import { field, tag, varint } from "./protobuf_build.ts";
import { refused } from "./refused.ts";
import { BYTES, COUNT, sparse, writeOnnx } from "./sparse.ts";
import { valuesOf } from "./values.ts";

const folder = new URL("../../fixtures/onnx/", import.meta.url).pathname;
/** What the onnx package reads; of element types that no `DataView` knows, the bytes. */
interface Expected {
  readonly shape: readonly number[];
  readonly values?: readonly (number | string)[];
  readonly hex?: string;
}
const expected: Readonly<Record<string, Readonly<Record<string, Expected>>>> = JSON.parse(
  Deno.readTextFileSync(folder + "expected.json"),
);

/** Lists a file with what it opens beside; all is closed afterwards. */
async function listed(path: string) {
  const opened: Source[] = [];
  const keep = <S extends Source>(source: S): S => {
    opened.push(source);
    return source;
  };
  try {
    const beside = (other: string) => Promise.resolve().then(() => keep(openBeside(path, other)));
    return await onnx.list(keep(new FileSource(path)), { beside });
  } finally {
    opened.forEach((source) => source.close());
  }
}

const list = (bytes: Uint8Array) => onnx.list(new MemorySource("given", bytes));
const one = (...tensors: Uint8Array[]) => onnxFile(graphProto(tensors));

for (const [name, tensors] of Object.entries(expected)) {
  Deno.test(`onnx: ${name} reads as the onnx package reads it`, async () => {
    const listing = await listed(folder + name);
    assertEquals(listing.tensors.map(({ name }) => name).sort(), Object.keys(tensors).sort());
    for (const tensor of listing.tensors) await compare(tensor, tensors[tensor.name]!);
  });
}

async function compare(tensor: TensorInfo, { shape, values, hex }: Expected): Promise<void> {
  assertEquals(tensor.shape, shape, tensor.name);
  if (hex !== undefined) {
    const source = openSource(tensor.source);
    const bytes = await source.read(tensor.offset, tensor.bytes);
    source.close();
    return assertEquals(bytes.toHex(), hex, tensor.name);
  }
  const numbers = values!.map((value) =>
    value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value)
  );
  assertEquals([...await valuesOf(tensor)], numbers, tensor.name);
}

Deno.test("onnx: what cannot be drawn is named with its reason", async () => {
  assertEquals((await listed(folder + "types.onnx")).ignored, [
    { name: "text", reason: "its elements are of type STRING" },
    { name: "complex", reason: "its elements are of type COMPLEX64" },
    { name: "sparse", reason: "it is sparse" },
  ]);
  assertEquals((await listed(folder + "constants.onnx")).ignored, [
    { name: "text", reason: "its elements are text" },
  ]);
});

Deno.test("onnx: metadata tells the producer, versions, inputs and outputs", async () => {
  const { metadata } = await listed(folder + "folded.onnx");
  const { doc_string, ...rest } = metadata;
  assertEquals(doc_string, "d".repeat(4096) + "…");
  assertEquals(rest, {
    ir_version: 10,
    producer_name: "make.py",
    "opset.ai.onnx": 21,
    names: '{"0": "a"}',
    graph: "graph",
    "input.x": "FLOAT [n, 3]",
    "output.d": "FLOAT [4, n]",
  });
});

Deno.test("onnx: initializers that old files name among the inputs are no inputs", async () => {
  const graph = graphProto([tensorProto("w", [1], FLOAT, raw(4))]);
  const inputs = ["x", "w"].map((name) => field(11, field(1, name)));
  const { metadata } = await list(onnxFile(concat(graph, ...inputs)));
  assertEquals(metadata, { ir_version: 10, "input.x": "" });
});

Deno.test("onnx: weights belong to the layer that uses them, however they get there", async () => {
  assertEquals((await listed(folder + "folded.onnx")).graph?.nodes, [
    { name: "MatMul_0", op: "MatMul", inputs: [], tensors: ["q", "scale", "zero"] },
    { name: "Add_0", op: "Add", inputs: ["MatMul_0"], tensors: ["half"] },
    { name: "Transpose_0", op: "Transpose", inputs: ["Add_0"], tensors: [] },
    { name: "Add_1", op: "Add", inputs: ["Transpose_0"], tensors: [] },
  ]);
});

Deno.test("onnx: scales that are measured are no signal, and parts of weights are those weights", async () => {
  const nodes = [
    node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]),
    node("Slice", ["w", "starts", "ends"], ["part"]),
    node("Concat", ["part", "part"], ["all"]),
    node("MatMulInteger", ["q", "all", "zero"], ["product"]),
    node("Mul", ["product", "scale"], ["y"]),
  ];
  const tensors = ["w", "starts", "ends"].map((name) => tensorProto(name, [2], FLOAT, raw(8)));
  const { graph } = await list(onnxFile(graphProto(tensors, nodes)));
  assertEquals(graph?.nodes.map(({ op, inputs, tensors }) => [op, inputs, tensors]), [
    ["DynamicQuantizeLinear", [], []],
    ["MatMulInteger", ["DynamicQuantizeLinear_0"], ["w", "starts", "ends"]],
    ["Mul", ["MatMulInteger_0"], []],
  ]);
});

Deno.test("onnx: graphs inside a graph run before the node that holds them", async () => {
  assertEquals((await listed(folder + "nested.onnx")).graph?.nodes, [
    { name: "first", op: "Add", inputs: [], tensors: ["w"] },
    { name: "add", op: "Add", inputs: ["first"], tensors: ["choice/no/w"] },
    { name: "add_0", op: "Add", inputs: ["first"], tensors: ["choice/yes/w"] },
    { name: "choice", op: "If", inputs: ["add", "add_0"], tensors: [] },
    { name: "Relu_0", op: "Relu", inputs: ["choice"], tensors: [] },
    { name: "Identity_0", op: "Identity", inputs: [], tensors: [] },
    { name: "mul", op: "Mul", inputs: ["Relu_0"], tensors: ["inner"] },
    { name: "loop", op: "Loop", inputs: ["Relu_0", "Identity_0", "mul"], tensors: [] },
  ]);
});

Deno.test("onnx: fields may come in any order, data before the shape, the model's version last", async () => {
  const tensor = concat(
    raw(new Uint8Array(Float32Array.of(1, 2).buffer)),
    field(8, "a"),
    field(2, FLOAT),
    field(1, 2),
    field(1, 1), // dims one by one
  );
  const value = concat(field(5, tensorProto("", [1], FLOAT, raw(4))), field(1, "value"));
  const constant = concat(field(5, value), field(2, "b"), field(4, "Constant"));
  const file = concat(field(7, concat(field(5, tensor), field(1, constant))), field(1, 10));
  const { tensors } = await list(file);
  assertEquals(tensors.map(({ name, shape }) => [name, shape]), [["a", [2, 1]], ["b", [1]]]);
  assertEquals([...await valuesOf(tensors[0]!)], [1, 2]);
});

Deno.test("onnx: values that come one by one, or packed in pieces, come together", async () => {
  const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  const single = (value: number) => concat(tag(4, 5), floats(value));
  const { tensors } = await list(one(
    tensorProto("ones", [3], FLOAT, single(1), single(2), single(3)),
    tensorProto("pieces", [3], FLOAT, field(4, floats(1, 2)), single(3)),
    tensorProto(
      "integers",
      [4],
      7,
      field(7, -1),
      field(7, concat(varint(5), varint(300))),
      field(7, 7),
    ),
  ));
  const values = await Promise.all(tensors.map(async (tensor) => [...await valuesOf(tensor)]));
  assertEquals(values, [[1, 2, 3], [1, 2, 3], [-1, 5, 300, 7]]);
});

Deno.test("onnx: values scattered over more than fits memory are left out", async () => {
  const half = field(4, new Uint8Array(9 << 20));
  const { tensors, ignored } = await list(one(tensorProto("a", [18 << 18], FLOAT, half, half)));
  assertEquals(tensors, []);
  assertEquals(ignored, [{ name: "a", reason: "its values are scattered over the file" }]);
});

Deno.test("onnx: a tensor without values is left out", async () => {
  const { ignored } = await list(one(tensorProto("a", [2], FLOAT)));
  assertEquals(ignored, [{ name: "a", reason: "the file holds none of its values" }]);
});

Deno.test("onnx: an unknown element type is left out", async () => {
  const { ignored } = await list(one(tensorProto("a", [2], 99, raw(8)), tensorProto("b", [1], -1)));
  const reason = (number: number) => `its elements are of type number ${number}`;
  assertEquals(ignored, [{ name: "a", reason: reason(99) }, { name: "b", reason: reason(-1) }]);
});

Deno.test("onnx: files are known by name and by content", () => {
  const names = (head: Uint8Array, name: string) => claimant(head, name)?.name;
  for (const file of ["types.onnx", "constants.onnx", "nested.onnx"]) {
    assertEquals(names(Deno.readFileSync(folder + file).subarray(0, 4096), "model.bin"), "onnx");
  }
  assertEquals(names(new Uint8Array(), "a.onnx"), "onnx");
  assertEquals(names(concat(field(1, 1), field(2, "a")), "saved_model"), undefined);
});

Deno.test("onnx: data beside a model are no models of their own", () => {
  const names = ["a.onnx", "a.onnx.data", "a.onnx_data", "a.onnx_data_1", "ab.onnx", "b.data"];
  assertEquals(onnx.companions!("a.onnx", names), ["a.onnx.data", "a.onnx_data", "a.onnx_data_1"]);
});

refused("an empty file", onnx, () => utf8(""), "graph is missing");
refused("a model without a graph", onnx, () => field(1, 10), "graph is missing");
refused("ONNX Runtime's format", onnx, () => utf8("\0\0\0\0ORTM"), "ONNX Runtime's own format");
refused(
  "a graph longer than the file",
  onnx,
  () => one(tensorProto("a", [1], 1, raw(4))).subarray(0, -1),
  "length of field",
);
refused(
  "a tensor longer than its graph",
  onnx,
  () => onnxFile(concat(tag(5, 2), varint(9), new Uint8Array(8))),
  "length of field 5",
);
refused(
  "raw data of another size",
  onnx,
  () => one(tensorProto("a", [3], FLOAT, raw(8))),
  'tensor "a" raw_data is 8 bytes, expected 12',
);
refused(
  "raw data longer than the tensor",
  onnx,
  () => one(tensorProto("a", [1], FLOAT, raw(8))),
  "8 bytes, expected 4",
);
refused(
  "packed data of another size",
  onnx,
  () => one(tensorProto("a", [3], FLOAT, field(4, new Uint8Array(8)))),
  'tensor "a" data is 8 bytes, expected 12',
);
refused(
  "too few integers",
  onnx,
  () => one(tensorProto("a", [3], 6, field(5, new Uint8Array(2)))),
  "3 integers",
);
refused(
  "too many bytes of integers",
  onnx,
  () => one(tensorProto("a", [3], 6, field(5, new Uint8Array(31)))),
  "3 integers",
);
refused(
  "a negative side",
  onnx,
  () => one(tensorProto("a", [-1], FLOAT, raw(4))),
  'tensor "a" dims is [-1]',
);
refused(
  "sides beyond 2^53",
  onnx,
  () => one(tensorProto("a", [2 ** 30, 2 ** 30], FLOAT, raw(4))),
  "2^53",
);
refused(
  "a side of 2^63 - 1",
  onnx,
  () => one(tensorProto("a", [2n ** 63n - 1n], FLOAT, raw(4))),
  "dims",
);
refused(
  "65 axes",
  onnx,
  () => one(tensorProto("a", new Array(65).fill(1), FLOAT, raw(4))),
  "at most 64",
);
refused(
  "a name given twice",
  onnx,
  () => one(tensorProto("a", [1], FLOAT, raw(4)), tensorProto("a", [1], FLOAT, raw(4))),
  'tensor "a" is given twice',
);
refused("a name that is no UTF-8", onnx, () => one(field(8, Uint8Array.of(0xff))), "UTF-8");
refused("a name that is a number", onnx, () => one(field(8, 5)), "text");
refused("a name of 5,000 bytes", onnx, () => one(field(8, "a".repeat(5000))), "5000 bytes");
refused(
  "external data without a place",
  onnx,
  () => one(tensorProto("a", [1], FLOAT, external({}))),
  "location",
);

Deno.test("onnx: graphs nested 10,000 deep are refused", async () => {
  let graph: Uint8Array = graphProto([]);
  for (let depth = 0; depth < 1e4; depth++) {
    graph = graphProto([], [node("If", ["c"], ["y"], field(5, field(6, graph)))]);
  }
  await assertRejects(() => list(onnxFile(graph)), FormatError, "nested");
});

Deno.test("onnx: external data are confined to the folder, and to the size of their file", async () => {
  const path = await Deno.makeTempDir();
  const file = path + "/m.onnx";
  await Deno.writeFile(path + "/data", new Uint8Array(8));
  await Deno.symlink("/etc/hosts", path + "/link");
  const refusal = async (entries: Record<string, string>) => {
    await Deno.writeFile(file, one(tensorProto("a", [2], FLOAT, external(entries))));
    return (await assertRejects(() => listed(file), FormatError)).message;
  };
  try {
    const locations = ["../data", "/etc/hosts", "a/../../b", "link", "gone", ".", "\0"];
    for (const location of locations) {
      assertStringIncludes(await refusal({ location }), `${file} names the file`, location);
    }
    const at = (more: Record<string, string>) => refusal({ location: "data", ...more });
    assertStringIncludes(
      await at({ offset: "1" }),
      "offset is 1 for 8 bytes, expected a span inside",
    );
    assertStringIncludes(await at({ offset: "-1" }), 'offset is "-1"');
    assertStringIncludes(await at({ offset: "9".repeat(17) }), "offset is");
    assertStringIncludes(await at({ offset: "1e0" }), "offset is");
    assertStringIncludes(await at({ length: "4" }), "length is 4, expected 8");
    await Deno.writeFile(file, one(tensorProto("a", [2], FLOAT, external({ location: "data" }))));
    assertEquals((await listed(file)).tensors[0]!.bytes, 8);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("onnx: external data of a file that stands alone are refused", async () => {
  const file = one(tensorProto("a", [2], FLOAT, external({ location: "data" })));
  await assertRejects(() => list(file), Unreadable, "stands alone");
});

Deno.test("onnx: a file cut anywhere is refused, but between its last fields", async () => {
  for (const name of ["types.onnx", "nested.onnx", "constants.onnx"]) {
    const whole = Deno.readFileSync(folder + name);
    let refusals = 0;
    for (let length = 0; length < whole.length; length++) {
      try {
        await list(whole.subarray(0, length));
      } catch (error) {
        if (!(error instanceof SynaptileError)) throw error;
        assertStringIncludes(error.message, "given");
        refusals++;
      }
    }
    assert(refusals >= whole.length - 3, `${refusals} of ${whole.length} refused`);
  }
});

Deno.test("onnx: 10,000 tensors in 10 GB open in 300 ms, each by a short read", () =>
  inFolder(async (folder) => {
    const path = sparse["onnx"]!(folder);
    await opensInTime(onnx, path, ({ listing: { tensors }, source }) => {
      assertEquals(tensors.length, COUNT);
      assertEquals(tensors.at(-1)!.offset + BYTES, source.size);
      assert(source.reads <= 10_010, `${source.reads} reads`);
      assert(source.bytes <= 11e6, `${source.bytes} bytes read`);
    });
  }));

Deno.test("onnx: a tensor of 3 GB is found without reading it", async () => {
  const path = await Deno.makeTempFile({ suffix: ".onnx" });
  try {
    writeOnnx(path, 2, [750_000_000]);
    const source = new MeteredSource(new FileSource(path));
    const { tensors } = await onnx.list(source);
    assertEquals(tensors[1]!.offset + 3e9, source.size);
    assert(source.bytes <= 80_000, `${source.bytes} bytes read`);
    source.close();
  } finally {
    await Deno.remove(path);
  }
});
