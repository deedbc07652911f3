import { assert, assertEquals } from "@std/assert";
import { layOut } from "../../src/field/layout.ts";
import { check, disjoint } from "./layout_checks.ts";
import {
  aspect,
  fullness,
  gpt2,
  laidOutOf,
  layersOf,
  llama,
  mixtral,
  resnet,
  type Shapes,
} from "./layouts.ts";

const named: readonly (readonly [string, () => Shapes, fill: number, below: number])[] = [
  ["llama of 7·10⁹ parameters", llama, 0.65, 1],
  ["llama of 13·10⁹", () => llama({ blocks: 40, width: 5120, inner: 13824 }), 0.65, 2],
  ["llama 3", () => llama({ inner: 14336, words: 128256, keys: 1024 }), 0.65, 1],
  [
    "gemma",
    () => llama({ blocks: 18, width: 2048, inner: 16384, words: 256000, keys: 256 }),
    0.65,
    1,
  ],
  ["GPT-2", gpt2, 0.65, 1],
  ["GPT-2 XL", () => gpt2(48, 1600), 0.65, 1],
  ["Mixtral", mixtral, 0.65, 3],
  ["ResNet-50", resnet, 0.5, 2],
];
for (const [title, shapes, fill, below] of named) {
  Deno.test(`the map of ${title} is near-square, at least ${fill * 100} % full, on a coarse grid`, () => {
    const layout = laidOutOf(shapes());
    assert(fullness(layout) >= fill, `${fullness(layout)} full`);
    assert(aspect(layout) <= 1.6, `${layout.width} × ${layout.height}`);
    assert(layout.align >= layout.nativeZoom - below, `2^${layout.align} cells`);
    assert(layout.regions.length < 2000);
  });
}

Deno.test("a block of llama is at least 75 % full", () => {
  const layout = laidOutOf(llama());
  const block = layout.frames.find(({ name }) => name === "model.layers.0");
  const cells = block!.planes.reduce((sum, i) => {
    const { plane } = layout.planes[i]!;
    return sum + plane.width * plane.height;
  }, 0);
  const full = cells / (block!.width * block!.height);
  assert(full >= 0.75, `${full}`);
});

Deno.test("long planes are cut, at multiples of 4096 where pieces are as long", () => {
  for (const shape of [[50257, 768], [1, 1_000_000], [256000, 2048], [2048, 256000]]) {
    const layout = laidOutOf([["long", shape]]);
    check(layout);
    assert(layout.regions.length > 1 && aspect(layout) <= 1.6, `${layout.width} ${layout.height}`);
    const step = layout.regions.map(({ left, top }) => left || top).filter((at) => at > 0);
    if (Math.min(...step) >= 4096) assert(step.every((at) => at % 4096 === 0));
    assert(fullness(layout) > 0.6);
  }
});

Deno.test("tensors of 10⁹ elements are placed as others are", () => {
  const layout = laidOutOf([["a.weight", [32768, 32768]], ["b.weight", [1 << 20, 1024]], [
    "c",
    [],
  ]]);
  check(layout);
  assert(fullness(layout) > 0.6 && aspect(layout) <= 1.6);
});

Deno.test("100,000 tensors are laid out, each on the map", () => {
  const many = 100_000;
  const flat = Array.from(
    { length: many },
    (_, i) => [`t${i}x`, [1 + i % 7 * 13, 1 + i % 11 * 17]] as const,
  );
  const experts = mixtral(60, 550, 512, 256);
  for (const [shapes, least] of [[flat, 0.5], [experts, 0.65]] as const) {
    const layers = layersOf(shapes);
    const start = performance.now();
    const layout = layOut(layers);
    const took = performance.now() - start;
    assertEquals(new Set(layout.regions.map(({ plane }) => plane)).size, shapes.length);
    assert(disjoint(layout.regions), "regions overlap");
    assert(fullness(layout) > least && aspect(layout) < 1.6, `${fullness(layout)}`);
    assert(took < 10_000, `${took} ms`);
  }
});
