import { assertEquals } from "@std/assert";
import type { TensorInfo } from "../../src/formats/format.ts";
import type { Model } from "../../src/model/model.ts";
import { siblingsOf } from "../../src/model/siblings.ts";
import { arrange } from "../../src/model/structure.ts";
import { findTensor } from "../../src/model/views.ts";
import { tensor } from "./tensors.ts";

const modelOf = (tensors: readonly TensorInfo[], views: readonly TensorInfo[] = []) =>
  ({ ...arrange({ tensors }), tensors, views }) as Partial<Model> as Model;

/** Pattern and names of what stands beside a layer or tensor in other blocks. */
function beside(model: Model, name: string): string[] | null {
  const siblings = siblingsOf(model, findTensor(model, name)!);
  return siblings && [siblings.pattern, ...siblings.tensors.map(({ name }) => name)];
}

const named = (...names: string[]) => modelOf(names.map((name) => tensor(name)));

Deno.test("siblings are the same tensor of each block, in the order of the blocks", () => {
  const model = named(
    "embed.weight",
    ...[10, 2, 0, 1].flatMap((i) => [
      `layers.${i}.attn.q.weight`,
      `layers.${i}.attn.q.bias`,
      `layers.${i}.mlp.up.weight`,
    ]),
    "head.weight",
  );
  const all = (last: string) => [0, 1, 2, 10].map((i) => `layers.${i}.${last}`);
  assertEquals(beside(model, "layers.1.attn.q"), ["layers.*.attn.q", ...all("attn.q.weight")]);
  assertEquals(beside(model, "layers.10.mlp.up.weight"), [
    "layers.*.mlp.up",
    ...all("mlp.up.weight"),
  ]);
  assertEquals(beside(model, "layers.0.attn.q.bias"), ["layers.*.attn.q", ...all("attn.q.bias")]);
  assertEquals(beside(model, "head"), null);
  assertEquals(beside(model, "embed.weight"), null);
});

Deno.test("of blocks in blocks siblings are those of the innermost one, beside each other", () => {
  const model = named(
    ...[0, 1].flatMap((i) => [
      `layers.${i}.attn.weight`,
      ...[0, 1, 2].flatMap((j) => [
        `layers.${i}.experts.${j}.w1.weight`,
        `layers.${i}.experts.${j}.w2.weight`,
      ]),
    ]),
    ...[1, 2].flatMap((i) => [0, 1].map((j) => `layer${i}.${j}.conv1.weight`)),
    ...[1, 2].flatMap((i) => [0, 1].map((j) => `layer${i}.${j}.conv2.weight`)),
  );
  assertEquals(beside(model, "layers.1.experts.2.w1"), [
    "layers.1.experts.*.w1",
    ...[0, 1, 2].map((j) => `layers.1.experts.${j}.w1.weight`),
  ]);
  assertEquals(beside(model, "layers.1.attn"), [
    "layers.*.attn",
    ...[0, 1].map((i) => `layers.${i}.attn.weight`),
  ]);
  assertEquals(beside(model, "layer2.0.conv1"), [
    "layer2.*.conv1",
    ...[0, 1].map((j) => `layer2.${j}.conv1.weight`),
  ]);
});

Deno.test("numbers may be a word's end, or padded with zeros; blocks without the tensor are left out", () => {
  const padded = named(
    ...["01", "02", "10"].flatMap((i) => [`net/block${i}/q/kernel`, `net/block${i}/k/kernel`]),
  );
  assertEquals(beside(padded, "net/block02/k"), [
    "net/block*/k",
    ...["01", "02", "10"].map((i) => `net/block${i}/k/kernel`),
  ]);
  const model = named(
    ...[0, 1, 2].map((i) => `h.${i}.up.weight`),
    ...[0, 2].map((i) => `h.${i}.up.bias`),
    ...[0, 1, 2].map((i) => `h.${i}.down.weight`),
    "h.1.gate.weight",
    ...[0, 1, 2].map((i) => `h.${i}.side.bias`),
    ...[0, 2].map((i) => `h.${i}.side.weight`),
  );
  assertEquals(beside(model, "h.0.side"), ["h.*.side", "h.0.side.weight", "h.2.side.weight"]);
  assertEquals(beside(model, "h.0.up.bias"), ["h.*.up", "h.0.up.bias", "h.2.up.bias"]);
  assertEquals(beside(model, "h.1.gate"), ["h.*.gate", "h.1.gate.weight"]);
});

Deno.test("views have siblings among views", () => {
  const weights = [0, 1].flatMap((i) => [
    tensor(`blk.${i}.up.weight`),
    tensor(`blk.${i}.down.weight`),
  ]);
  const views = weights.map(({ name }) => tensor(`${name}:scale`));
  const model = modelOf(weights, views);
  assertEquals(beside(model, "blk.1.up.weight:scale"), [
    "blk.*.up",
    "blk.0.up.weight:scale",
    "blk.1.up.weight:scale",
  ]);
});

Deno.test("where tensors are not named for their layers, main ones are siblings", () => {
  const layers = [0, 1].map((index) => {
    const [main, bias] = [tensor(`MatMul_${7 - index}`), tensor(`Add_${index}`)];
    const block = { pattern: "blocks.*", index, indices: [index] };
    return { name: `blocks.${index}.fc`, block, main, tensors: [main, bias] };
  });
  const model = { layers, views: [] } as unknown as Model;
  const [first] = model.layers;
  const names = (tensor: TensorInfo) =>
    siblingsOf(model, { layer: first!, tensor })!.tensors.map(({ name }) => name);
  assertEquals(names(first!.main), ["MatMul_7", "MatMul_6"]);
  assertEquals(names(first!.tensors[1]!), ["Add_0"]);
});
