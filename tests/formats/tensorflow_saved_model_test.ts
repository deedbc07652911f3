import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FormatError } from "../../src/errors.ts";
import type { Listing } from "../../src/formats/format.ts";
import { checkpoint } from "../../src/formats/tensorflow_checkpoint.ts";
import { savedModel } from "../../src/formats/tensorflow_saved_model.ts";
import { findModels } from "../../src/model/find.ts";
import { openModel } from "../../src/model/open.ts";
import { openBeside } from "../../src/storage/beside.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { inFolder } from "../storage/folder.ts";
import { concat, utf8 } from "./build.ts";
import { flipped } from "./flipped.ts";
import { field } from "./protobuf_build.ts";
import { valuesOf } from "./values.ts";

const fixtures = new URL("../../fixtures/tensorflow/", import.meta.url);
const pathOf = (name: string) => new URL(name, fixtures).pathname;

const list = (file: string): Promise<Listing> => {
  const source = new FileSource(pathOf(file));
  const beside = (path: string) => Promise.resolve(openBeside(source.name, path));
  const format = file.endsWith(".pb") ? savedModel : checkpoint;
  return format.list(source, { beside }).finally(() => source.close());
};
const sketch = ({ graph }: Listing) =>
  graph?.nodes.map(({ name, op, inputs, tensors }) =>
    `${name} = ${op}(${[...inputs, ...tensors.map((tensor) => `*${tensor}`)].join(", ")})`
  );

Deno.test("a SavedModel's functions are written out, their parameters led back to variables", async () => {
  const listing = await list("module/saved_model.pb");
  const key = (name: string) => `*${name}/.ATTRIBUTES/VARIABLE_VALUE`;
  assertEquals(sketch(listing), [
    "serving_default_x = Placeholder()",
    `MatMul = MatMul(serving_default_x, ${key("first/kernel")})`,
    `add = AddV2(MatMul, ${key("first/bias")})`,
    "Relu = Relu(add)",
    `MatMul_0 = MatMul(Relu, ${key("second/kernel")})`,
    `add_0 = AddV2(MatMul_0, ${key("second/bias")})`,
    "Relu_0 = Relu(add_0)",
    "residual = AddV2(Relu, Relu_0)",
    `mul = Mul(residual, ${key("scale")})`,
  ]);
  assertEquals(listing.tensors.length, 6);
  assertEquals(listing.metadata, { tags: "serve", tensorflow_version: "2.21.0" });
});

Deno.test("variables that Keras exports twice under one name are told apart by what functions capture", async () => {
  const listing = await list("exported/saved_model.pb");
  const key = (number: number) => `variables/${number}/.ATTRIBUTES/VARIABLE_VALUE`;
  assertEquals(
    listing.graph?.nodes.flatMap(({ op, tensors }) => tensors.length > 0 ? [[op, ...tensors]] : []),
    [["MatMul", key(0)], ["BiasAdd", key(1)], ["MatMul", key(2)], ["BiasAdd", key(3)]],
  );
  const expected: Record<string, { readonly values: readonly number[] }> = JSON.parse(
    Deno.readTextFileSync(pathOf("exported/expected.json")),
  );
  assertEquals(listing.tensors.map(({ name }) => name).sort(), Object.keys(expected).sort());
  for (const tensor of listing.tensors) {
    assertEquals([...await valuesOf(tensor)], expected[tensor.name]!.values, tensor.name);
  }
  const model = await openModel(pathOf("exported"));
  assertEquals(model.parameters, 5 * 4 + 4 + 4 * 3 + 3, "each of them once");
  assertEquals(model.layers.map(({ main }) => main.name), [key(0), key(2)]);
  model.close();
});

Deno.test("a SavedModel of the older interface shows what computes its outputs", async () => {
  assertEquals(sketch(await list("v1_saved/saved_model.pb")), [
    "x = Placeholder()",
    "product = MatMul(x, *dense/kernel)",
    "y = Softmax(product)",
  ]);
});

Deno.test("a checkpoint shows the graph beside it, partitions as their variable", async () => {
  assertEquals(sketch(await list("v1/model.ckpt-3.index")), [
    "x = Placeholder()",
    "net/MatMul = MatMul(x, *net/rows/kernel)",
    "net/hidden = Relu(net/MatMul)",
    "net/MatMul_1 = MatMul(net/hidden, *net/columns/kernel)",
    "net/residual = AddV2(net/hidden, net/MatMul_1)",
    "net/out/MatMul = MatMul(net/residual, *net/out/kernel)",
    "net/out/add = AddV2(net/out/MatMul, *net/out/bias)",
  ]);
});

Deno.test("a SavedModel opens by its folder or its file, and is one model", async () => {
  assertEquals(findModels(pathOf("module")).length, 1);
  for (const path of ["module", "module/saved_model.pb"]) {
    const model = await openModel(pathOf(path));
    assertEquals([model.format, model.tensors.length], ["tensorflow", 6]);
    model.close();
  }
});

const network = (...fields: Uint8Array[]) => field(2, field(2, concat(...fields)));
const node = (name: string, op: string, ...more: Uint8Array[]) =>
  field(1, concat(field(1, utf8(name)), field(2, utf8(op)), ...more));
const hostile = (bytes: Uint8Array) => savedModel.list(new MemorySource("hostile", bytes));

Deno.test("a SavedModel without meta graphs, or cut short, is refused", async () => {
  const none = await assertRejects(() => hostile(field(1, 1)), FormatError);
  assertStringIncludes(none.message, "hostile: meta graphs is none, expected one or more");
  const bytes = Deno.readFileSync(pathOf("v1_saved/saved_model.pb"));
  await assertRejects(() => hostile(bytes.subarray(0, 4000)), FormatError, "hostile");
});

Deno.test("a SavedModel whose variables are missing is refused, one without any opens", () =>
  inFolder(async (folder) => {
    const path = `${folder}/saved_model.pb`;
    await Deno.writeFile(path, network(node("v", "VarHandleOp")));
    const error = await assertRejects(() => openModel(folder), FormatError);
    assertStringIncludes(error.message, '"variables/variables.index", expected a file that can be');
    await Deno.writeFile(path, network(node("x", "Placeholder")));
    const model = await openModel(folder);
    assertEquals(model.tensors, []);
    model.close();
  }));

Deno.test("functions that call themselves, or each other twice over, do not grow without end", async () => {
  const call = (name: string, of: string) =>
    concat(
      field(1, utf8(name)),
      field(2, utf8("PartitionedCall")),
      field(5, concat(field(1, utf8("f")), field(2, field(10, field(1, utf8(of)))))),
    );
  const body = (name: string, of: string) =>
    field(
      1,
      concat(field(1, field(1, utf8(name))), field(3, call("a", of)), field(3, call("b", of))),
    );
  for (const next of [(i: number) => i, (i: number) => i + 1]) {
    const library = Array.from({ length: 40 }, (_, i) => body(`f${i}`, `f${next(i)}`));
    const start = performance.now();
    const { graph } = await hostile(
      network(field(1, call("top", "f0")), field(2, concat(...library))),
    );
    assert(performance.now() - start < 2000);
    assert((graph?.nodes.length ?? 0) <= 200_000);
  }
});

Deno.test("identities in a circle, alone or through a call, come to an end", async () => {
  const input = (name: string) => field(3, utf8(name));
  const circle = [
    node("a", "Identity", input("b")),
    node("b", "Identity", input("c")),
    node("c", "Identity", input("b:0")),
    node("d", "Relu", input("a")),
  ];
  const { graph } = await hostile(network(...circle));
  assertEquals(graph?.nodes.map(({ name, inputs }) => [name, inputs]), [["d", []]]);
});

Deno.test("a graph beside a checkpoint that is none is told of, and the checkpoint opens", () =>
  inFolder(async (folder) => {
    for (const name of ["index", "data-00000-of-00001"]) {
      await Deno.copyFile(pathOf(`v1/model.ckpt-3.${name}`), `${folder}/m.${name}`);
    }
    await Deno.writeTextFile(`${folder}/m.meta`, "\x0f no graph");
    const model = await openModel(folder);
    assertEquals([model.tensors.length, model.ignored[0]?.name], [5, "m.meta"]);
    assertStringIncludes(model.ignored[0]!.reason, "it is no graph: ");
    model.close();
  }));

flipped(
  "SavedModel",
  () => Deno.readFileSync(pathOf("module/saved_model.pb")),
  (bytes) => {
    const beside = (path: string) =>
      Promise.resolve(openBeside(pathOf("module/saved_model.pb"), path));
    return savedModel.list(new MemorySource("flipped", bytes), { beside });
  },
  { numRuns: 150 },
);
