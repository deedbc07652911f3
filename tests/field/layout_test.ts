import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Frame, type Layout, layOut } from "../../src/field/layout.ts";
import { architectures } from "../model/architectures.ts";
import { tensor } from "../model/tensors.ts";
import { arrange } from "../../src/model/structure.ts";
import { laidOutOf, layersOf, llama, mixtral, resnet, type Shapes } from "./layouts.ts";
import { check, overlap } from "./layout_checks.ts";

const word = fc.constantFrom(
  ...["layers", "h", "experts", "0", "1", "10", "2", "attn", "self_attn", "mlp", "norm", "ln_1"],
  ...["q_proj", "fc1", "conv1", "bn1", "weight", "bias", "embed", "lm_head", "layer1", "up_proj"],
  ...["optimizer", "exp_avg", "downsample", "*", ""],
);
const name = fc.array(word, { maxLength: 6 }).map((parts) => parts.join("."));
const extent = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 100_000 }) },
);
const anyTensors = fc.uniqueArray(fc.tuple(name, fc.array(extent, { maxLength: 3 })), {
  maxLength: 40,
  selector: ([name]) => name,
});

/** Blocks that lack parts and have other sizes now and then, some with blocks in them. */
const part = fc.constantFrom(
  ...["attn.q_proj", "attn.k_proj", "mlp.fc1", "mlp.fc2", "ln_1", "mlp.experts.0.w1"],
  ...["mlp.experts.1.w1", "mlp.experts.0.w2", "mlp.experts.1.w2", "conv"],
);
const blocks = fc.array(
  fc.uniqueArray(fc.tuple(part, fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 2 })), {
    minLength: 1,
    selector: ([part]) => part,
  }),
  { minLength: 1, maxLength: 12 },
).map((all): Shapes =>
  all.flatMap((parts, i) =>
    parts.map(([part, shape]) => [`model.layers.${i}.${part}.weight`, shape] as const)
  )
);

Deno.test("whatever a model's tensors, each is on the map once, whole, on the grid and in its frames", () => {
  fc.assert(fc.property(anyTensors, (shapes) => check(laidOutOf(shapes))), { numRuns: 60 });
});

Deno.test("the same holds for blocks that differ", () => {
  fc.assert(fc.property(blocks, (shapes) => check(laidOutOf(shapes))), { numRuns: 60 });
});

Deno.test("the same holds for published architectures", () => {
  for (const { tensors } of Object.values(architectures)) {
    check(layOut(arrange({ tensors: tensors.map((name) => tensor(name)) }).layers));
  }
});

Deno.test("the same layers give the same layout", () => {
  fc.assert(
    fc.property(anyTensors, (shapes) => {
      const { planes: _, ...first } = laidOutOf(shapes);
      const { planes: __, ...again } = laidOutOf(shapes);
      assertEquals(first, again);
    }),
    { numRuns: 30 },
  );
});

Deno.test("planes are the layers' tensors in order, those without elements aside", () => {
  const shapes: Shapes = [["b.weight", [3, 4]], ["b.bias", [0]], ["a.weight", [2]], ["s", []]];
  const { planes } = laidOutOf(shapes);
  const expected = layersOf(shapes).flatMap(({ tensors }) => tensors.map(({ name }) => name));
  assertEquals(
    planes.map(({ plane }) => plane.tensor.name),
    expected.filter((name) => name !== "b.bias"),
  );
});

Deno.test("a model without elements is a map of nothing", () => {
  for (const layers of [[], layersOf([["empty.weight", [0, 5]]])]) {
    const { width, height, regions, frames, nativeZoom } = layOut(layers);
    assertEquals([width, height, regions, frames, nativeZoom], [0, 0, [], [], 0]);
  }
});

Deno.test("a single tensor, however small, is the whole map", () => {
  for (const [shape, size] of [[[], [1, 1]], [[3, 5], [5, 3]], [[100], [10, 10]]] as const) {
    const { width, height, regions } = laidOutOf([["only", shape]]);
    assertEquals([width, height, regions.length], [...size, 1]);
  }
});

/** Where each plane begins in the block that it lies in, by what it is called there. */
function offsets(layout: Layout, block: Frame): Map<string, readonly [number, number]> {
  const found = new Map<string, readonly [number, number]>();
  const inside = new Set(block.planes);
  for (const { plane, x, y, left, top } of layout.regions) {
    if (!inside.has(plane)) continue;
    const { name } = layout.planes[plane]!.plane.tensor;
    found.set(`${name.slice(block.name.length)} ${left} ${top}`, [x - block.x, y - block.y]);
  }
  return found;
}

/** Asserts that what two blocks both have stands at the same place in them; gives how much it is. */
function aligned(layout: Layout, a: Frame, b: Frame): number {
  const first = offsets(layout, a), second = offsets(layout, b);
  let both = 0;
  for (const [part, place] of first) {
    const other = second.get(part);
    if (!other) continue;
    assertEquals(other, place, `${part} of ${a.name} and ${b.name}`);
    both++;
  }
  return both;
}

/** Blocks that lie in a run, in order. */
const blocksOf = (layout: Layout, run: string) =>
  layout.frames.filter(({ kind, parent }) =>
    kind === "block" && layout.frames[parent]?.name === run
  );

Deno.test("block after block runs down a column, then down the next, with all parts in line", () => {
  const layout = laidOutOf(llama());
  const all = blocksOf(layout, "model.layers.*");
  assertEquals(all.map(({ name }) => name), all.map((_, i) => `model.layers.${i}`));
  assertEquals(all.length, 32);
  const rows = all.filter(({ x }) => x === all[0]!.x).length;
  assert(rows > 1 && rows < 32);
  for (const [i, block] of all.entries()) {
    assertEquals([block.width, block.height], [all[0]!.width, all[0]!.height]);
    assertEquals(block.x, all[i - i % rows]!.x);
    assertEquals(block.y, all[i % rows]!.y);
    assertEquals(aligned(layout, all[0]!, block), 9);
  }
  assert(all[1]!.y > all[0]!.y && all[rows]!.x > all[0]!.x);
});

Deno.test("a block that lacks parts, or has larger ones, is in line with the others", () => {
  const odd = llama({ blocks: 6, width: 512, inner: 1376, words: 1000 }).flatMap(
    ([name, shape]): Shapes => {
      if (name.includes("layers.2.") && name.includes("k_proj")) return [];
      if (name.includes("layers.4.mlp")) return [[name, shape.map((n) => n === 1376 ? 1500 : n)]];
      if (!name.includes("layers.5.self_attn.q_proj")) return [[name, shape]];
      return [[name, shape], [name.replace("q_proj", "extra"), [300, 300]]];
    },
  );
  const layout = laidOutOf(odd);
  check(layout);
  const all = blocksOf(layout, "model.layers.*");
  assertEquals(all.length, 6);
  for (const block of all) aligned(layout, all[0]!, block);
  const parts = all.map((block) => new Set(block.planes).size);
  assertEquals(parts, [9, 9, 8, 9, 9, 10]);
});

Deno.test("experts make a grid in every block, the same one", () => {
  const layout = laidOutOf(mixtral(4, 8, 512, 1792));
  const all = blocksOf(layout, "model.layers.*");
  const parts = aligned(layout, all[0]!, all[1]!);
  assert(parts >= 7 + 8 * 3, `${parts} parts`);
  for (const block of all) aligned(layout, all[0]!, block);
  const runs = layout.frames.filter(({ name }) =>
    name === "model.layers.*.block_sparse_moe.experts.*"
  );
  assertEquals(runs.map(({ kind }) => kind), ["blocks", "blocks", "blocks", "blocks"]);
  assertEquals(runs[0]!.label, "block_sparse_moe.experts.0–7");
  assertEquals(layout.frames[runs[0]!.parent]!.label, "mlp");
  const experts = blocksOf(layout, runs[0]!.name).slice(0, 8);
  for (const expert of experts) assertEquals(aligned(layout, experts[0]!, expert) >= 3, true);
});

Deno.test("stages of a convolutional network differ, and blocks of a stage are in line", () => {
  const layout = laidOutOf(resnet());
  check(layout);
  for (const [stage, blocks] of [3, 4, 6, 3].entries()) {
    const all = layout.frames.filter(({ kind, name }) =>
      kind === "block" && name.startsWith(`layer${stage + 1}.`)
    );
    assertEquals(all.length, blocks);
    for (const block of all.slice(1)) assert(aligned(layout, all[0]!, block) >= 18);
  }
  const stages = [1, 2, 3, 4].map((i) => layout.frames.find(({ name }) => name === `layer${i}`)!);
  assertEquals(stages.map(({ parent }) => parent), [-1, -1, -1, -1]); // a run of one is no run
  assert(stages[3]!.width * stages[3]!.height > 4 * stages[0]!.width * stages[0]!.height);
});

Deno.test("branches of a block hold attention and MLP, norms stand beside, with room for a bar above", () => {
  const layout = laidOutOf(llama({ blocks: 3, width: 512, inner: 1376, words: 3200 }));
  const [, first] = layout.frames;
  assertEquals([first!.kind, first!.name, first!.label], ["block", "model.layers.0", "layers.0"]);
  const branches = layout.frames.filter(({ kind, parent }) => kind === "branch" && parent === 1);
  const names = branches.map(({ label, planes }) => [
    label,
    ...planes.map((plane) => layout.planes[plane]!.layer.name.split(".").at(-1)),
  ]);
  assertEquals(names, [
    ["attention", "q_proj", "k_proj", "v_proj", "o_proj"],
    ["mlp", "gate_proj", "up_proj", "down_proj"],
  ]);
  const grid = 2 ** layout.align;
  for (const { x, y, width } of layout.frames.filter(({ kind }) => kind === "branch")) {
    const above = { x, y: y - grid, width, height: grid };
    assert(above.y >= 0 && !layout.regions.some((region) => overlap(region, above)));
  }
});

Deno.test("a branch is what one word of a role says of parts of a block, whole runs of them too", () => {
  const outside = laidOutOf([["attn.q_proj.weight", [8, 8]], ["mlp.fc1.weight", [8, 8]]]);
  assertEquals(outside.frames, []);
  const layout = laidOutOf(
    [0, 1].flatMap((i): Shapes =>
      [0, 1].flatMap((k): Shapes => [
        [`down_blocks.${i}.attentions.${k}.attn1.to_q.weight`, [8, 8]],
        [`down_blocks.${i}.attentions.${k}.ff.net.weight`, [8, 8]],
        [`down_blocks.${i}.resnets.${k}.conv1.weight`, [8, 8, 3, 3]],
      ])
    ),
  );
  check(layout);
  const above = (frame: Frame): string[] => {
    const parent = layout.frames[frame.parent];
    return [frame.label, ...parent ? above(parent) : []];
  };
  const branches = layout.frames.filter(({ kind }) => kind === "branch");
  assertEquals(above(branches[0]!), [
    "attention",
    "attentions.0",
    "attentions.0–1",
    "down_blocks.0",
    "down_blocks.0–1",
  ]);
  assertEquals(branches.length, 4);
});

Deno.test("blocks stand further apart than what is in them", () => {
  const { frames, regions, align } = laidOutOf(llama());
  const [, first, ...others] = frames.filter(({ kind }) => kind !== "branch");
  const below = others.find(({ x, y }) => x === first!.x && y > first!.y)!;
  assertEquals(below.y - first!.y - first!.height, 2 * 2 ** align);
  const branch = frames.find(({ label }) => label === "mlp")!;
  const [left, right] = regions.filter(({ plane }) => branch.planes.includes(plane));
  const apart = left!.y === right!.y
    ? right!.x - left!.x - left!.width
    : right!.y - left!.y - left!.height;
  assertEquals(apart, 2 ** align);
});

Deno.test("what an optimizer keeps comes last, in a frame of its own", () => {
  const { frames, planes } = laidOutOf([
    ["optimizer.state.0.exp_avg", [40, 40]],
    ["optimizer.state.0.exp_avg_sq", [40, 40]],
    ["fc.weight", [40, 40]],
  ]);
  assertEquals(frames.map(({ kind, planes }) => [kind, planes]), [["optimizer", [1, 2]]]);
  assertEquals(planes[0]!.plane.tensor.name, "fc.weight");
});
