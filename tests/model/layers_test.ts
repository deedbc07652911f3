import { assertEquals } from "@std/assert";
import type { TensorInfo } from "../../src/formats/format.ts";
import { arrange } from "../../src/model/structure.ts";
import { tensor } from "./tensors.ts";

const groupLayers = (tensors: readonly TensorInfo[]) => arrange({ tensors }).layers;
const names = (...given: string[]) =>
  groupLayers(given.map((name) => tensor(name))).map(({ name }) => name);
const kind = (name: string, shape: readonly number[]) =>
  groupLayers([tensor(name, shape)])[0]!.kind;

Deno.test("tensors of a layer come together, its weight standing for it", () => {
  const [layer, ...others] = groupLayers([
    tensor("a.fc.bias", [4]),
    tensor("a.fc.weight", [4, 3]),
    tensor("a.fc.weight_scale", [400]),
  ]);
  assertEquals(others, []);
  assertEquals([layer!.name, layer!.main.name, layer!.parameters], ["a.fc", "a.fc.weight", 416]);
});

Deno.test("slashes separate as dots do, and TensorFlow's :0 is no part of a role", () => {
  const layers = groupLayers([
    tensor("z/dense/kernel:0", [3, 4]),
    tensor("z/dense/bias:0", [4]),
    tensor("weight/l1.weight"),
    tensor("weight/l1.bias", [4]),
  ]);
  assertEquals(layers.map(({ name, tensors }) => [name, tensors.length]), [["z/dense", 2], [
    "weight/l1",
    2,
  ]]);
});

Deno.test("what has no role is a layer of its own; so is a role without a prefix", () => {
  assertEquals(names("W1", "W0", "act/fc1", "act/fc0"), ["W1", "W0", "act/fc1", "act/fc0"]);
  assertEquals(names("weight", "bias"), ["weight", "bias"]);
  assertEquals(names(".weight", ""), [".weight", "(unnamed)"]);
});

Deno.test("every tensor lies in exactly one layer, and no two layers share a name", () => {
  const given = ["a", "a.weight", "a.bias", "a.b.weight", "b", "a/weight"].map((name) =>
    tensor(name)
  );
  const layers = groupLayers(given);
  assertEquals(layers.flatMap(({ tensors }) => tensors).length, given.length);
  assertEquals(new Set(layers.map(({ name }) => name)).size, layers.length);
});

Deno.test("without a known main tensor the largest stands for the layer", () => {
  const [layer] = groupLayers([
    tensor("rnn.weight_ih_l1", [4, 4]),
    tensor("rnn.weight_hh_l1", [8, 8]),
  ]);
  assertEquals(layer!.main.name, "rnn.weight_hh_l1");
});

Deno.test("a file sorted by name is put into natural order", () => {
  assertEquals(
    names("blocks.0.weight", "blocks.1.weight", "blocks.10.weight", "blocks.2.weight"),
    ["blocks.0", "blocks.1", "blocks.2", "blocks.10"],
  );
});

Deno.test("a file in an order of its own keeps it", () => {
  assertEquals(names("token.weight", "blocks.10.weight", "blocks.2.weight", "head.weight"), [
    "token",
    "blocks.10",
    "blocks.2",
    "head",
  ]);
});

Deno.test("a file sorted by dtype, then by name, is put into natural order", () => {
  const given = [
    tensor("bn10.num_batches_tracked", [], { dtype: "I64" }),
    tensor("bn2.num_batches_tracked", [], { dtype: "I64" }),
    tensor("bn10.weight"),
    tensor("bn2.weight"),
  ];
  assertEquals(groupLayers(given).map(({ name }) => name), ["bn2", "bn10"]);
});

Deno.test("numbers too long for a double still have an order", () => {
  const [a, b] = ["x.90071992547409930", "x.90071992547409931"];
  assertEquals(names(a!, b!), [a!, b!]);
});

const kinds: readonly (readonly [string, readonly number[], string])[] = [
  ["fc.weight", [4, 4], "linear"],
  ["conv.weight", [8, 1, 3, 3], "convolution"],
  ["conv1d.weight", [8, 4, 3], "convolution"],
  ["experts.down_proj", [8, 4, 3], "tensor"],
  ["model.embed_tokens.weight", [100, 8], "embedding"],
  ["transformer.wte.weight", [100, 8], "embedding"],
  ["blocks.0.ln_1.weight", [8], "norm"],
  ["layers.0.input_layernorm.weight", [8], "norm"],
  ["layers.0.bn2.gamma", [8], "norm"],
  ["layers.0.self_attn.q_proj.weight", [8, 8], "attention"],
  ["blocks.0.qkv.weight", [24, 8], "attention"],
  ["fc.bias", [8], "vector"],
  ["bn.num_batches_tracked", [], "scalar"],
  ["logits", [8, 8], "tensor"],
];
for (const [name, shape, expected] of kinds) {
  Deno.test(`${name} [${shape}] suggests ${expected}`, () =>
    assertEquals(kind(name, shape), expected));
}
