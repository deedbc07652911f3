import { assert, assertEquals } from "@std/assert";
import { momentsOf } from "../../src/analysis/measure.ts";
import { type Scale, scaleOf as exactScale } from "../../src/analysis/scale.ts";
import { reference } from "../../src/compute/reference.ts";
import type { Layout } from "../../src/field/layout.ts";
import { gridOf } from "../../src/tile/overview_grid.ts";
import { tintOf } from "../../src/modes/weights.ts";
import { palette } from "../../src/modes/colour.ts";
import type { Options } from "../../src/modes/mode.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { normal, random } from "../compute/samples.ts";
import { type Content, modelFile, writeRows } from "./models.ts";
import { type Whole, whole } from "./pictures.ts";

/** Opens one model as "model", however its file is called. */
async function opened(path: string, test: (engine: Engine, id: string) => Promise<void>) {
  const engine = await createEngine([path], { workers: 2 });
  try {
    await test(engine, engine.models()[0]!.id);
  } finally {
    await engine.close();
  }
}

/** Blocks, vectors and kernels of sizes that a seed decides, some values of which are no numbers. */
function tensorsOf(seed: number): Record<string, Content> {
  const next = random(seed);
  const upTo = (least: number, most: number) => least + Math.floor(next() * (most - least));
  const width = upTo(20, 90), hidden = upTo(30, 150);
  const tensors: Record<string, Content> = {};
  const add = (name: string, ...shape: number[]) => {
    const count = shape.reduce((product, side) => product * side, 1);
    const values = normal(count, seed * 100 + Object.keys(tensors).length, 0.1 + next(), next());
    for (let i = 0; i < count / 500; i++) {
      values[upTo(0, count)] = [NaN, Infinity, -Infinity, 0][upTo(0, 4)]!;
    }
    tensors[name] = { shape, values };
  };
  add("embed.weight", upTo(50, 400), width);
  add("conv.weight", upTo(4, 20), 3, upTo(1, 8), 5);
  for (let block = 0; block < upTo(2, 5); block++) {
    for (const name of ["q", "k"]) add(`blocks.${block}.attn.${name}.weight`, width, width);
    add(`blocks.${block}.mlp.up.weight`, hidden, width);
    add(`blocks.${block}.mlp.up.bias`, hidden);
  }
  add("long", upTo(1000, 5000));
  add("scalar", 1);
  return tensors;
}

/** Where a plane's cells lie on the map: regions at a zoom at which they are whole pixels. */
function eachRegion(
  layout: Layout,
  log2: number,
  visit: (at: { tensor: string; region: Layout["regions"][number] }) => void,
): void {
  for (const region of layout.regions) {
    visit({ tensor: layout.planes[region.plane]!.plane.tensor.name, region });
  }
  assert(log2 <= layout.align);
}

/** Rows of a region on the map, and of its own plane, as (offset, offset, length). */
function rowsOf(
  { x, y, left, top, width, height }: Layout["regions"][number],
  log2: number,
  map: Whole,
  own: Whole,
): [number, number, number][] {
  const scale = 2 ** -log2;
  const across = Math.ceil(width * scale), down = Math.ceil(height * scale);
  return Array.from({ length: down }, (_, row) => [
    (y * scale + row) * map.width + x * scale,
    (top * scale + row) * own.width + left * scale,
    across,
  ]);
}

/** float32 numbers that are the same but for rounding. */
const isNear = (a: number, b: number, unit: number) =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= 2e-6 * unit;

/** Compares a map with its layers' own tiles at every zoom where blocks are of one layer. */
async function compare(engine: Engine, id: string, query: string, deepest = -2) {
  const { layout } = engine.layout(engine.model(id));
  const parameters = new URLSearchParams(query);
  const map = engine.view(id, "_", "map", parameters);
  let compared = 0;
  for (let log2 = deepest; log2 <= layout.align; log2++) {
    const of = { model: id, query: parameters };
    const all = await whole(engine, map.plane, { layer: "_", mode: "map", ...of }, log2);
    const owns = new Map<string, Whole>();
    for (const { plane: { tensor: { name } } } of layout.planes) {
      const { plane } = engine.view(id, name, "weights", parameters);
      if (plane.nativeZoom - log2 < -8) continue;
      owns.set(name, await whole(engine, plane, { layer: name, mode: "weights", ...of }, log2));
    }
    const taken = new Uint8Array(all.rgba.length);
    eachRegion(layout, log2, ({ tensor, region }) => {
      const own = owns.get(tensor);
      if (!own) return;
      const unit = own.values.reduce((most, v) => v === v ? Math.max(most, Math.abs(v)) : most, 0);
      for (const [at, from, length] of rowsOf(region, log2, all, own)) {
        taken.fill(1, at, at + length);
        const place = `${tensor} ${query} at 2^${log2}`;
        const rgba = all.rgba.subarray(at, at + length);
        const expected = own.rgba.subarray(from, from + length);
        const values = all.values.subarray(at, at + length);
        const numbers = own.values.subarray(from, from + length);
        if (log2 < Math.max(5, gridOf(layout))) {
          assertEquals(values, numbers, place);
          assertEquals(rgba, expected, place);
        } else {
          // Merged from what is held of the whole map: the same but for float32's rounding, which
          // may tip a colour.
          for (let i = 0; i < length; i++) {
            assert(isNear(values[i]!, numbers[i]!, unit), `${place}: ${values[i]} ${numbers[i]}`);
            assert(apart(rgba[i]!, expected[i]!) <= 12, `${place}: ${values[i]} ${numbers[i]}`);
          }
        }
        compared += length;
      }
    });
    // Nothing is drawn where no tensor lies.
    for (const [i, colour] of all.rgba.entries()) {
      if (!taken[i]) assertEquals([colour >>> 24, all.values[i]], [0, NaN], `2^${log2}, ${i}`);
    }
  }
  return compared;
}

/** The most that two colours differ in a channel. */
const apart = (a: number, b: number) =>
  Math.max(...[0, 8, 16, 24].map((bit) => Math.abs((a >>> bit & 255) - (b >>> bit & 255))));

/** The plane that has most blocks of the overview's finest grid in a block of 2^`log2` cells. */
function ownersOf(layout: Layout, log2: number, x: number, y: number): number[] {
  const side = 2 ** log2, slot = 2 ** gridOf(layout);
  const counts = new Map<number, number>();
  for (const region of layout.regions) {
    const overlap = (from: number, length: number, at: number) =>
      Math.max(
        0,
        Math.min(Math.ceil((from + length) / slot), (at + 1) * side / slot) -
          Math.max(from / slot, at * side / slot),
      );
    const slots = overlap(region.x, region.width, x) * overlap(region.y, region.height, y);
    if (slots > 0) counts.set(region.plane, (counts.get(region.plane) ?? 0) + slots);
  }
  const most = Math.max(...counts.values());
  return [...counts].filter(([, count]) => count === most).map(([plane]) => plane);
}

/** What blocks that layers may share must be: means of all their cells, in their owner's colours. */
async function compareCoarse(
  engine: Engine,
  id: string,
  query: string,
  scales: ReadonlyMap<string, Scale>,
) {
  const { layout } = engine.layout(engine.model(id));
  const parameters = new URLSearchParams(query);
  const view = engine.view(id, "_", "map", parameters);
  const of = { model: id, layer: "_", mode: "map", query: parameters };
  const cells = await whole(engine, view.plane, of, 0);
  let compared = 0;
  for (let log2 = layout.align + 1; 2 ** (log2 - 1) < Math.max(cells.width, cells.height); log2++) {
    const all = await whole(engine, view.plane, of, log2);
    const side = 2 ** log2;
    for (let y = 0, i = 0; y < all.height; y++) {
      for (let x = 0; x < all.width; x++, i++) {
        let sum = 0, count = 0, extreme = 0;
        for (let row = y * side; row < Math.min((y + 1) * side, cells.height); row++) {
          for (let column = x * side; column < Math.min((x + 1) * side, cells.width); column++) {
            const value = cells.values[row * cells.width + column]!;
            if (!Number.isFinite(value)) continue;
            sum += value;
            count++;
            extreme = Math.max(extreme, Math.abs(value));
          }
        }
        const place = `(${x}, ${y}) at 2^${log2}`;
        const mean = sum / count;
        assert(isNear(all.values[i]!, Math.fround(mean), extreme), `${place}: ${mean}`);
        if (count === 0) continue;
        // float32 means may lie just beyond a step of the ramp.
        const allowed = ownersOf(layout, log2, x, y).flatMap((plane) => {
          const { tensor } = layout.planes[plane]!.plane;
          const scale = scales.get(tensor.name)!;
          return [mean - 3e-6 * extreme, mean, mean + 3e-6 * extreme].map((value) =>
            colourOf(view.options, scale, value)
          );
        });
        assert(allowed.includes(all.rgba[i]!), `${place}: colour of ${mean}`);
        compared++;
      }
    }
  }
  return compared;
}

function colourOf(options: Options, scale: Scale, value: number): number {
  const { shade, clamp } = tintOf(options, scale);
  const [low, high] = clamp ?? [-Infinity, Infinity];
  const clamped = Math.max(low, Math.min(high, value));
  const [entry] = reference.shade(Float32Array.of(clamped), shade);
  const rgba = palette(String(options.colormap), Boolean(options.colormap_reverse));
  return new Uint32Array(rgba.slice(4 * entry!, 4 * entry! + 4).buffer)[0]!;
}

for (const query of ["", "normalize=minmax&colormap=viridis", "range=-0.2,0.9", "clip=0.2"]) {
  Deno.test(`blocks that layers share are means of all their cells, in the colours of who has most: ${query}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const tensors = tensorsOf(11);
      const scales = new Map<string, Scale>();
      for (const [name, { values }] of Object.entries(tensors)) {
        const measure = { moments: momentsOf(values), keys: new Float64Array(0) };
        scales.set(name, exactScale(measure, values));
      }
      await Deno.writeFile(`${folder}/model.safetensors`, modelFile(tensors));
      await opened(`${folder}/model.safetensors`, async (engine, id) => {
        assert(await compareCoarse(engine, id, query, scales) > 1000);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

for (const [normalize, same] of [["minmax", true], ["none", true], ["tanh", false]] as const) {
  Deno.test(`with scope=model all layers share the ramp of the whole model's scale: ${normalize}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const tensors = tensorsOf(13);
      await Deno.writeFile(`${folder}/model.safetensors`, modelFile(tensors));
      await opened(`${folder}/model.safetensors`, async (engine, id) => {
        const { plane, options } = engine.view(
          id,
          "_",
          "map",
          new URLSearchParams(`scope=model&normalize=${normalize}`),
        );
        const all = Float32Array.from(
          Object.values(tensors).flatMap(({ values }) => [...values]),
        );
        const scale = exactScale({ moments: momentsOf(all), keys: new Float64Array(0) }, all);
        const query = new URLSearchParams(`scope=model&normalize=${normalize}`);
        const map = await whole(engine, plane, { model: id, layer: "_", mode: "map", query }, 0);
        let off = 0, seen = 0;
        for (const [i, value] of map.values.entries()) {
          if (!Number.isFinite(value)) continue;
          seen++;
          const expected = colourOf(options, scale, value);
          if (same) assertEquals(map.rgba[i], expected);
          else if (apart(map.rgba[i]!, expected) > 12) off++;
        }
        // Scales of many layers are joined from sketches of them.
        assert(off <= seen / 100, `${off} of ${seen}`);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("what is held of a map finer than layers are aligned to equals their own tiles", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/model.safetensors`;
    const rows = new Uint8Array(32768);
    for (let y = 0; y < rows.length; y += 97) rows[y] = 1 + (y * 7) % 250;
    await writeRows(path, 16384, rows);
    await opened(path, async (engine, id) => {
      const { layout } = engine.layout(engine.model(id));
      assert(gridOf(layout) < layout.align, `${gridOf(layout)} and ${layout.align}`);
      assert(await compare(engine, id, "", gridOf(layout)) > 500_000);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (const seed of [1, 2, 3]) {
  Deno.test(`a map of random layers equals their own tiles, and the values that were written (${seed})`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const tensors = tensorsOf(seed);
      await Deno.writeFile(`${folder}/model.safetensors`, modelFile(tensors));
      await opened(`${folder}/model.safetensors`, async (engine, id) => {
        assert(await compare(engine, id, "") > 100_000);
        const { layout } = engine.layout(engine.model(id));
        const { plane } = engine.view(id, "_", "map", new URLSearchParams());
        const all = await whole(engine, plane, { layer: "_", mode: "map" }, 0);
        eachRegion(layout, 0, ({ tensor, region: { x, y, left, top, width, height } }) => {
          const { shape, values } = tensors[tensor]!;
          if (shape.length !== 2) return;
          for (let row = 0; row < height; row++) {
            const from = (top + row) * shape[1]! + left, at = (y + row) * all.width + x;
            const expected = values.subarray(from, from + width);
            assertEquals(all.values.subarray(at, at + width), expected, `${tensor}, row ${row}`);
          }
        });
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

for (
  const file of [
    ...["gguf/llama.gguf", "gguf/types.gguf", "keras/kernels.keras", "pytorch/kinds.pt"],
    ...["formats/pytorch/views.pt", "models/digits-mlp-l2-fortran.npy"],
  ]
) {
  Deno.test(`a map equals its layers' own tiles: ${file}`, () =>
    opened(`fixtures/${file}`, async (engine, id) => {
      assert(await compare(engine, id, "") > 0);
    }));
}

for (
  const query of [
    ...["minmax", "zscore", "robust", "log", "none"].map((name) => `normalize=${name}`),
    ...["range=-0.5,1.5", "clip=0.1", "alpha=3", "colormap=viridis&normalize=minmax"],
    ...["colormap=magma&colormap_reverse=1", "range=0,1&colormap=greys"],
  ]
) {
  Deno.test(`a map is coloured as its layers are: ${query}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeFile(`${folder}/model.safetensors`, modelFile(tensorsOf(7)));
      await opened(`${folder}/model.safetensors`, async (engine, id) => {
        assert(await compare(engine, id, query, 0) > 0);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
