import { assertEquals, assertRejects } from "@std/assert";
import { SynaptileError } from "../../src/errors.ts";
import { graphDef } from "../../src/formats/tensorflow_graph_def.ts";
import { claimant } from "../../src/formats/table.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { concat, utf8 } from "./build.ts";
import { field, tag, varint } from "./protobuf_build.ts";
import { refused } from "./refused.ts";
import { valuesOf } from "./values.ts";

const folder = new URL("../../fixtures/tensorflow/", import.meta.url).pathname;
/** What TensorFlow reads. */
const expected: Readonly<Record<string, { shape: number[]; values: number[] }>> = JSON.parse(
  Deno.readTextFileSync(folder + "frozen.json"),
);

async function frozen() {
  const source = new FileSource(folder + "frozen.pb");
  try {
    return await graphDef.list(source);
  } finally {
    source.close();
  }
}

const list = (bytes: Uint8Array) => graphDef.list(new MemorySource("given", bytes));

const FLOAT = 1;
const INT32 = 3;

/** A TensorProto. */
const tensor = (type: number, sides: readonly (number | bigint)[], ...fields: Uint8Array[]) =>
  concat(
    field(1, type),
    field(2, concat(...sides.map((side) => field(2, field(1, side))))),
    ...fields,
  );

/** A graph of Const nodes with these values. */
const constants = (...tensors: Uint8Array[]) =>
  concat(...tensors.map((tensor, i) => {
    const attribute = concat(field(1, "value"), field(2, field(8, tensor)));
    return field(1, concat(field(1, `c${i}`), field(2, "Const"), field(5, attribute)));
  }));

Deno.test("GraphDef: constants read as TensorFlow reads them, however they are written", async () => {
  const { tensors } = await frozen();
  assertEquals(tensors.map(({ name }) => name).sort(), Object.keys(expected).sort());
  for (const tensor of tensors) {
    const { shape, values } = expected[tensor.name]!;
    assertEquals(tensor.shape, shape, tensor.name);
    assertEquals([...await valuesOf(tensor)], values, tensor.name);
  }
});

Deno.test("GraphDef: what cannot be drawn is named with its reason", async () => {
  assertEquals((await frozen()).ignored, [
    { name: "text", reason: "its elements are of type STRING" },
    { name: "complex", reason: "its elements are of type COMPLEX64" },
  ]);
});

Deno.test("GraphDef: nodes take the weights that reach them through reads and casts", async () => {
  assertEquals((await frozen()).graph?.nodes, [
    { name: "x", op: "Placeholder", inputs: [], tensors: [] },
    { name: "conv", op: "Conv2D", inputs: ["x"], tensors: ["conv/kernel"] },
    { name: "add", op: "BiasAdd", inputs: ["conv"], tensors: ["conv/bias"] },
    { name: "relu", op: "Relu", inputs: ["add"], tensors: [] },
    { name: "flat", op: "Reshape", inputs: ["relu"], tensors: ["flat/shape"] },
    { name: "dense", op: "MatMul", inputs: ["flat"], tensors: ["dense/kernel"] },
    { name: "halves", op: "Split", inputs: ["dense"], tensors: ["halves/split_dim"] },
    { name: "sum", op: "AddV2", inputs: ["halves"], tensors: [] },
  ]);
});

Deno.test("GraphDef: constants of functions are listed with the function's name", async () => {
  const nodes = constants(tensor(FLOAT, [1], field(5, new Uint8Array(4))));
  const inside = concat(field(1, field(1, "f")), field(3, nodes.subarray(2)));
  const { tensors } = await list(concat(nodes, field(2, field(1, inside))));
  assertEquals(tensors.map(({ name }) => name), ["c0", "f/c0"]);
});

Deno.test("GraphDef: a repeated value of a large tensor takes no memory, a longer row is left out", async () => {
  const { tensors, ignored } = await list(constants(
    tensor(FLOAT, [2 ** 20, 2 ** 20], field(5, new Uint8Array(4))),
    tensor(FLOAT, [2 ** 20, 2 ** 20], field(5, new Uint8Array(8))),
    tensor(INT32, [2 ** 40]),
  ));
  assertEquals(tensors.map(({ strides, bytes }) => [strides, bytes]), [[[0, 0], 4], [[0], 4]]);
  const reason = "the last of its 2 values stands for 1099511627774 more";
  assertEquals(ignored, [{ name: "c1", reason }]);
});

Deno.test("GraphDef: files are known by their content, and by their name before", () => {
  const head = Deno.readFileSync(folder + "frozen.pb").subarray(0, 4096);
  assertEquals(claimant(head, "graph.bin"), graphDef);
  assertEquals(claimant(new Uint8Array(), "frozen.pb"), graphDef);
  assertEquals(claimant(utf8("\n\nno graph"), "notes.txt"), undefined);
});

const one = (...args: Parameters<typeof tensor>) => () => constants(tensor(...args));
refused("a file without nodes", graphDef, () => utf8(""), "nodes is none");
refused(
  "content of another size",
  graphDef,
  one(FLOAT, [3], field(4, new Uint8Array(8))),
  'tensor "c0" tensor_content is 8 bytes, expected 12',
);
refused(
  "more values than elements",
  graphDef,
  one(FLOAT, [2], field(5, new Uint8Array(12))),
  "values is 3 numbers, expected at most the 2",
);
refused(
  "part of a value",
  graphDef,
  one(FLOAT, [2], field(5, new Uint8Array(7))),
  "values is 1.75 numbers",
);
refused(
  "more integers than elements",
  graphDef,
  one(INT32, [2], field(7, new Uint8Array(3))),
  "values is 3 numbers",
);
refused("an integer cut short", graphDef, one(INT32, [2], field(7, Uint8Array.of(0x80))), "middle");
refused(
  "many integers for few elements",
  graphDef,
  one(INT32, [10], field(7, new Uint8Array(70_000))),
  "10 integers",
);
refused("a negative side", graphDef, one(FLOAT, [-1]), 'tensor "c0" shape is [-1]');
refused("a shape of 65 axes", graphDef, one(FLOAT, new Array(65).fill(1)), "up to 64 sides");
refused("sides beyond 2^53", graphDef, one(FLOAT, [2 ** 30, 2 ** 30]), "2^53");
refused(
  "a node given twice",
  graphDef,
  () => {
    const once = constants(tensor(FLOAT, [1]));
    return concat(once, once);
  },
  'node "c0"',
  "given twice",
);
refused(
  "a node longer than the file",
  graphDef,
  () => concat(tag(1, 2), varint(2 ** 40)),
  "length of field 1",
);

Deno.test("GraphDef: a file cut anywhere is refused, but between its nodes", async () => {
  const whole = Deno.readFileSync(folder + "frozen.pb");
  const { nodes } = (await list(whole)).graph!;
  let refusals = 0;
  for (let length = 0; length < whole.length; length += 7) {
    await list(whole.subarray(0, length)).catch((error) => {
      if (!(error instanceof SynaptileError)) throw error;
      refusals++;
    });
  }
  assertEquals(refusals > Math.floor(whole.length / 7) - 3 * nodes.length, true);
  await assertRejects(() => list(whole.subarray(0, -1)), SynaptileError);
});
