import { assertEquals } from "@std/assert";
import { elementCount, rowMajor, type TensorInfo } from "../../src/formats/format.ts";
import type { Model } from "../../src/model/model.ts";
import { arrange } from "../../src/model/structure.ts";
import { findTensor } from "../../src/model/views.ts";
import { tensor } from "./tensors.ts";

const bytes = new Uint8Array(4096);

/** A row-major float32 tensor at an offset of the same bytes, unless told otherwise. */
const at = (
  name: string,
  offset: number,
  shape: readonly number[] = [4, 4],
  more: Partial<TensorInfo> = {},
): TensorInfo =>
  tensor(name, shape, {
    strides: rowMajor(shape),
    source: { kind: "memory", name: "none", bytes },
    offset,
    bytes: 4 * elementCount(shape),
    ...more,
  });

const found = (tensors: readonly TensorInfo[], name: string) => {
  const { layers, structure } = arrange({ tensors });
  const there = findTensor({ layers, structure, views: [] } as unknown as Model, name);
  return there ? [there.layer.name, there.tensor.name] : undefined;
};

Deno.test("a head that is tied to an embedding is shown once, as the embedding", () => {
  const tensors = [
    at("lm_head.weight", 0),
    at("model.norm.weight", 64, [4]),
    at("model.embed_tokens.weight", 0),
  ];
  const { layers } = arrange({ tensors });
  assertEquals(layers.map(({ name, aliases, parameters }) => [name, aliases, parameters]), [
    ["model.embed_tokens", ["lm_head.weight"], 16],
    ["model.norm", [], 4],
  ]);
});

Deno.test("every name of a tied tensor leads to it, its layer's too", () => {
  const tensors = [at("shared.weight", 0), at("encoder.embed_tokens.weight", 0)];
  const expected = ["shared", "shared.weight"];
  for (const name of ["shared", "shared.weight", "encoder.embed_tokens"]) {
    assertEquals(found(tensors, name), expected);
  }
  assertEquals(found(tensors, "encoder.embed_tokens.weight"), expected);
  assertEquals(found(tensors, "decoder.embed_tokens"), undefined);
});

Deno.test("a layer of which only one tensor is tied keeps the others", () => {
  const tensors = [at("wte.weight", 0), at("lm_head.weight", 0), at("lm_head.bias", 64, [4])];
  const { layers } = arrange({ tensors });
  assertEquals(layers.map(({ name, main }) => [name, main.name]), [
    ["wte", "wte.weight"],
    ["lm_head", "lm_head.bias"],
  ]);
  assertEquals(found(tensors, "lm_head"), ["lm_head", "lm_head.bias"]);
  assertEquals(found(tensors, "lm_head.weight"), ["wte", "wte.weight"]);
});

Deno.test("of three names the first of an embedding stands for all", () => {
  const tensors = ["lm_head.weight", "a.weight", "b.wte.weight", "c.wte.weight"]
    .map((name) => at(name, 0));
  const { layers } = arrange({ tensors });
  assertEquals(layers.map(({ name, aliases }) => [name, aliases]), [
    ["b.wte", ["lm_head.weight", "a.weight", "c.wte.weight"]],
  ]);
});

const differences: readonly (readonly [string, TensorInfo])[] = [
  ["another shape", at("b", 0, [2, 8])],
  ["other strides", at("b", 0, [4, 4], { strides: [1, 4] })],
  ["another type", at("b", 0, [4, 4], { dtype: "I32" })],
  ["another byte order", at("b", 0, [4, 4], { bigEndian: true })],
  ["another scale", at("b", 0, [4, 4], { affine: { scale: 2, offset: 0 } })],
  ["a place within it", at("b", 16, [3, 4])],
];
for (const [what, other] of differences) {
  Deno.test(`the same bytes with ${what} are two tensors that share them`, () => {
    const { layers, structure } = arrange({ tensors: [at("a", 0), other] });
    assertEquals(layers.length, 2);
    assertEquals([...structure.aliases], []);
    assertEquals([...structure.shared], [["a", ["b"]], ["b", ["a"]]]);
  });
}

Deno.test("tensors of other sources, beside one another, or without bytes share nothing", () => {
  const { layers, structure } = arrange({
    tensors: [
      at("a", 0),
      at("b", 64),
      at("c", 0, [4, 4], { source: { kind: "memory", name: "none", bytes: new Uint8Array(64) } }),
      at("d", 0, [0, 4]),
      at("e", 0, [0, 4]),
      at("f", 0, [4, 4], { source: { kind: "file", path: "/f", version: "1" } }),
      at("g", 0, [4, 4], {
        source: {
          kind: "inflated",
          from: { kind: "file", path: "/f", version: "1" },
          offset: 0,
          length: 9,
          size: 64,
        },
      }),
    ],
  });
  assertEquals(layers.length, 7);
  assertEquals([structure.aliases.size, structure.shared.size], [0, 0]);
});

Deno.test("sources that name the same bytes are one, though they are other objects", () => {
  const source = () => ({ kind: "file", path: "/f", version: "1" }) as const;
  const { layers } = arrange({
    tensors: [
      at("a", 0, [4, 4], { source: source() }),
      at("b", 0, [4, 4], { source: source() }),
    ],
  });
  assertEquals(layers.map(({ name, aliases }) => [name, aliases]), [["a", ["b"]]]);
});

Deno.test("a thousand views of one storage are found out about in no time", () => {
  const tensors = Array.from({ length: 20_000 }, (_, i) => at(`v${i}`, 0, [1 + i % 1000, 1]));
  const began = performance.now();
  const { structure } = arrange({ tensors });
  assertEquals(structure.aliases.size, 19_000);
  assertEquals(Math.max(...[...structure.shared.values()].map(({ length }) => length)), 16);
  assertEquals(performance.now() - began < 1000, true);
});
