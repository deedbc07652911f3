import { assert, assertEquals } from "@std/assert";
import { describeMap } from "../../src/tile/describe_map.ts";
import { laidOutOf, llama, mixtral } from "../field/layouts.ts";
import { modelFile, withFolder } from "./models.ts";
import { layOut } from "../../src/field/layout.ts";

const model = { id: "some/model", version: "v1", step: null, steps: [] };
const small = llama({ blocks: 2, width: 64, inner: 172, words: 500 });

Deno.test("map.json tells where every tensor lies, what it is, and where its own plane is", () => {
  const layout = laidOutOf(small);
  const map = describeMap(model, layout, null, "http://host");
  assertEquals([map.model, map.version], ["some/model", "v1"]);
  assertEquals([map.width, map.height], [layout.width, layout.height]);
  assertEquals([map.nativeZoom, map.align], [layout.nativeZoom, layout.align]);
  assertEquals(map.url, "http://host/models/some%2Fmodel/{tensor}");
  assertEquals(
    map.tiles,
    "http://host/tiles/some%2Fmodel/{tensor}/weights/{z}/{x}/{y}.png?v=v1",
  );
  assertEquals(map.regions.length, layout.regions.length);
  const region = map.regions.find(({ tensor }) =>
    tensor === "model.layers.1.self_attn.q_proj.weight"
  )!;
  assertEquals([region.shape, region.dtype, region.label], [[64, 64], "F32", "q_proj"]);
  assertEquals(map.layers[region.layer], {
    name: "model.layers.1.self_attn.q_proj",
    kind: "attention",
    role: "attention.query",
  });
  const frames = [];
  for (let at = region.frame; at >= 0; at = map.frames[at]!.parent) frames.push(map.frames[at]!);
  assertEquals(frames.map(({ kind, label, name }) => [kind, label, name]), [
    ["branch", "attention", "model.layers.1.attention"],
    ["block", "layers.1", "model.layers.1"],
    ["blocks", "model.layers.0–1", "model.layers.*"],
  ]);
  assertEquals(map.regions.find(({ tensor }) => tensor === "lm_head.weight")!.frame, -1);
});

Deno.test("a label is of the layer; of a tensor beside its weight, with its own last part", () => {
  const { regions } = describeMap(
    model,
    laidOutOf([
      ["features.0.weight", [40, 40]],
      ["features.0.bias", [40]],
      ["class_token", [1, 1, 9]],
    ]),
    null,
  );
  const labels = Object.fromEntries(regions.map(({ tensor, label }) => [tensor, label]));
  assertEquals(labels, {
    "features.0.weight": "features.0",
    "features.0.bias": "features.0.bias",
    "class_token": "class_token",
  });
});

Deno.test("from its first zoom on a label fits, and not before", () => {
  const { regions, frames, nativeZoom } = describeMap(model, laidOutOf(llama()), null);
  for (const { label, width, height, minzoom } of [...regions, ...frames]) {
    const fits = (zoom: number) =>
      width * 2 ** (zoom - nativeZoom) >= 7 * label.length &&
      height * 2 ** (zoom - nativeZoom) >= 12;
    assert(fits(minzoom), `${label} at ${minzoom}`);
    assert(minzoom === 0 || !fits(minzoom - 1), `${label} at ${minzoom - 1}`);
  }
  assert(frames[0]!.minzoom === 0);
});

Deno.test("a branch's norm is that of all its tensors as one vector, and its bar as wide", () => {
  const layout = laidOutOf(small);
  const norms = new Map(layout.planes.map(({ plane: { tensor } }, i) => [tensor.name, i + 1]));
  const { frames, align } = describeMap(model, layout, norms);
  const branches = frames.flatMap((frame, i) =>
    frame.kind === "branch" ? [{ frame, planes: layout.frames[i]!.planes }] : []
  );
  assertEquals(branches.length, 4);
  const expected = branches.map(({ planes }) =>
    Math.sqrt(planes.reduce((sum, i) => sum + (i + 1) ** 2, 0))
  );
  const largest = Math.max(...expected);
  for (const [i, { frame }] of branches.entries()) {
    const { x, y, width, bar, norm, relative } = frame;
    assert(Math.abs(norm! - expected[i]!) < 1e-9 * expected[i]!);
    assert(Math.abs(relative! - expected[i]! / largest) < 1e-12);
    const height = 2 ** align / 2;
    assertEquals(bar, { x, y: y - height, width: width * relative!, height });
  }
  for (const { kind, norm, bar } of frames) {
    if (kind !== "branch") assertEquals([norm, bar], [null, null]);
  }
});

Deno.test("while a norm is unknown or not finite, its branch has none and no branch a relative one", () => {
  const layout = laidOutOf(small);
  const norms = new Map(layout.planes.map(({ plane: { tensor } }) => [tensor.name, 1]));
  const missing = "model.layers.1.mlp.up_proj.weight";
  for (const value of [undefined, NaN, Infinity]) {
    if (value === undefined) norms.delete(missing);
    else norms.set(missing, value);
    const { frames } = describeMap(model, layout, norms);
    const branches = frames.filter(({ kind }) => kind === "branch");
    assertEquals(branches.map(({ norm }) => norm), [2, Math.sqrt(3), 2, null]);
    assert(branches.every(({ relative, bar }) => relative === null && bar === null));
  }
});

Deno.test("weights that are all zero have bars of no width", () => {
  const layout = laidOutOf(small);
  const norms = new Map(layout.planes.map(({ plane: { tensor } }) => [tensor.name, 0]));
  const { frames } = describeMap(model, layout, norms);
  const bars = frames.filter(({ kind }) => kind === "branch").map(({ relative }) => relative);
  assertEquals(bars, [0, 0, 0, 0]);
});

Deno.test("the links of map.json lead to what they say", async () => {
  const values = Float32Array.from({ length: 12 }, (_, i) => i);
  const prepare = (folder: string) =>
    Deno.writeFile(
      `${folder}/model.safetensors`,
      modelFile({
        "a/b.weight": { shape: [3, 4], values },
        "a/b.bias": { shape: [3], values: values.slice(0, 3) },
      }),
    );
  await withFolder(prepare, { workers: 1 }, (engine) => {
    const [model] = engine.models();
    const map = describeMap(model!, layOut(model!.layers), null);
    for (const { tensor, width, height } of map.regions) {
      const url = map.tiles.replace("{tensor}", encodeURIComponent(tensor));
      const [, kind, id, layer, mode] = new URL(url, "http://host").pathname.split("/");
      assertEquals([kind, decodeURIComponent(id!)], ["tiles", model!.id]);
      const { plane } = engine.view(
        model!.id,
        decodeURIComponent(layer!),
        mode!,
        new URLSearchParams(),
      );
      assertEquals([plane.width, plane.height], [width, height]);
    }
    return Promise.resolve();
  });
});

Deno.test("map.json of 100,000 tensors takes less than 400 bytes for each", () => {
  const layout = laidOutOf(mixtral(60, 550, 512, 256));
  assert(layout.planes.length > 99_000);
  const bytes = new TextEncoder().encode(JSON.stringify(describeMap(model, layout, null))).length;
  assert(bytes < 400 * layout.planes.length, `${bytes / layout.planes.length}`);
});
