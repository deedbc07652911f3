import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import sharp from "sharp";
import { rayScene } from "../../src/compute/reference/raymarch.ts";
import { BadRequest } from "../../src/errors.ts";
import { palette } from "../../src/modes/colour.ts";
import { transferOf } from "../../src/modes/opacity.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { concat, npyFile, npyHeader, zipFile } from "../formats/build.ts";
import { ggufFile } from "../formats/gguf_build.ts";
import { type Content, hash, numbers, tileAt, withFolder, withTensors } from "./models.ts";
import { eights } from "./pair.ts";

// 70 blocks, more than a brick is deep, of matrices that are wider than a tile.
const BLOCKS = 70, HEIGHT = 12, WIDTH = 300;
const value = (z: number, y: number, x: number) => hash((z * HEIGHT + y) * WIDTH + x) - 0.5;
const matrix = (z: number): Content => ({
  shape: [HEIGHT, WIDTH],
  values: Float32Array.from(
    { length: HEIGHT * WIDTH },
    (_, i) => value(z, Math.floor(i / WIDTH), i % WIDTH),
  ),
});
const small = (...values: number[]): Content => ({
  shape: [values.length],
  values: Float32Array.from(values),
});
/** Blocks out of order, with a layer before them that is none. */
const deep: Record<string, Content> = { "head.weight": matrix(500) };
for (let i = 0; i < BLOCKS; i++) {
  const z = i * 3 % BLOCKS;
  deep[`blocks.${z}.up.weight`] = matrix(z);
  deep[`blocks.${z}.norm.weight`] = small(z, z + 0.5, -z);
}

const viewOf = (engine: Engine, layer: string, query: string, mode = "octree") =>
  engine.view("model", layer, mode, new URLSearchParams(query));
const tileOf = (layer: string, at: readonly [number, number, number], query: string) =>
  tileAt(layer, at, query, { mode: "octree" });

Deno.test("slices of a stack along each axis are its layers' own values, tile beside tile", () =>
  withTensors(deep, async (engine) => {
    const cuts = [
      {
        axis: "z",
        slice: 66,
        size: [WIDTH, HEIGHT],
        cell: (a: number, b: number) => value(66, b, a),
      },
      {
        axis: "y",
        slice: 5,
        size: [WIDTH, BLOCKS],
        cell: (a: number, b: number) => value(b, 5, a),
      },
      {
        axis: "x",
        slice: 299,
        size: [HEIGHT, BLOCKS],
        cell: (a: number, b: number) => value(b, a, 299),
      },
    ];
    for (const { axis, slice, size: [across = 0, down = 0], cell } of cuts) {
      const query = `stack=blocks&axis=${axis}&slice=${slice}&epsilon=1e-6`;
      const { plane, stack } = viewOf(engine, "blocks.3.up", query);
      assertEquals([plane.width, plane.height], [across, down]);
      assertEquals(stack, Array.from({ length: BLOCKS }, (_, z) => `blocks.${z}.up.weight`));
      for (let x = 0; x * 256 < across; x++) {
        const tile = await numbers(engine, tileOf("blocks.3.up", [plane.nativeZoom, x, 0], query));
        for (let row = 0; row < 256; row++) {
          for (let column = 0; column < 256; column++) {
            const found = tile.values[row * 256 + column]!;
            if (x * 256 + column >= across || row >= down) assert(Number.isNaN(found));
            else {
              const expected = cell(x * 256 + column, row);
              assertAlmostEquals(found, expected, 2e-6, `${axis}: ${x * 256 + column}, ${row}`);
            }
          }
        }
      }
    }
  }, { workers: 2 }));

Deno.test("a cell of a stack is the element of the tensor that it lies in", () =>
  withTensors(deep, async (engine) => {
    const view = viewOf(engine, "blocks.0.up", "stack=blocks&axis=y&slice=7");
    const found = await engine.inspect(view, 270, 68, undefined);
    assertEquals([found.tensor, found.index], ["blocks.68.up.weight", [7, 270]]);
    assertEquals(found.value, Math.fround(value(68, 7, 270)));
    const turned = viewOf(engine, "blocks.0.up", "stack=blocks&axes=0|1|&axis=z&slice=9");
    assertEquals([turned.plane.width, turned.plane.height], [HEIGHT, WIDTH]);
    const other = await engine.inspect(turned, 3, 200, undefined);
    assertEquals([other.tensor, other.index], ["blocks.9.up.weight", [3, 200]]);
    assertEquals(other.value, Math.fround(value(9, 3, 200)));
    const through = viewOf(engine, "blocks.0.up", "stack=blocks&axes=1||0&axis=y&slice=0");
    assertEquals([through.plane.width, through.plane.height], [WIDTH, HEIGHT * BLOCKS]);
    const third = await engine.inspect(through, 8, 4 * HEIGHT + 5, undefined);
    assertEquals([third.tensor, third.index], ["blocks.4.up.weight", [5, 8]]);
  }));

Deno.test("a stack is normalised and merged by all of its layers together", () =>
  withTensors({
    "b.0.w.weight": small(1, -2, 3),
    "b.0.v.weight": small(0),
    "b.1.w.weight": small(40, 0, NaN),
    "b.1.v.weight": small(0),
  }, async (engine) => {
    const legend = await engine.legend(
      viewOf(engine, "b.0.w", "stack=blocks&normalize=minmax&colormap=viridis"),
    );
    assertEquals([legend.ramp!.stops[0]!.value, legend.ramp!.stops.at(-1)!.value], [-2, 40]);
    assertEquals(legend.special[0]!.count, 1);
    const twice = "stack=b.0.w,b.0.w&normalize=minmax&colormap=viridis";
    const { ramp } = await engine.legend(viewOf(engine, "b.0.w", twice));
    assertEquals([ramp!.stops[0]!.value, ramp!.stops.at(-1)!.value], [-2, 3]);
    assertEquals(legend.title, "Mean of a cube, slice z = 1");
    const words = "slice of b.1.w.weight, of 2 layers, z from b.0.w.weight to b.1.w.weight";
    assert(legend.normalization.endsWith(words), legend.normalization);
    const tree = await engine.octree(viewOf(engine, "b.1.w", "stack=blocks&epsilon=1e-6"));
    assertEquals([tree.finite, tree.min, tree.max], [5, -2, 40]);
    assertEquals([tree.mean, tree.sides], [Math.fround(42 / 5), [2, 2, 2]]);
    assertEquals([tree.tensor, tree.stack], ["b.1.w.weight", ["b.0.w.weight", "b.1.w.weight"]]);
    const one = await engine.octree(viewOf(engine, "b.1.w", "epsilon=1e-6"));
    assertEquals([one.finite, "stack" in one], [2, false]);
    const { normalization } = await engine.legend(
      viewOf(engine, "b.0.w", "stack=blocks", "voxels"),
    );
    assert(normalization.includes("2 layers, z from b.0.w.weight"), normalization);
  }));

const size = [20, 16, 5] as const;
const rays: Record<string, Content> = {};
for (let z = 0; z < size[2]; z++) {
  rays[`h.${z}.w.weight`] = {
    shape: [16, 20],
    values: Float32Array.from({ length: 320 }, (_, i) => Math.sin(z) * Math.cos(i / 31)),
  };
  rays[`h.${z}.b.weight`] = small(0);
}

Deno.test("rays see the layers of a stack one behind the other", () =>
  withTensors(rays, async (engine) => {
    const values = Array.from({ length: size[2] }, (_, z) => [...rays[`h.${z}.w.weight`]!.values]);
    const data = Uint8Array.from(values.flat(), (value) => {
      const place = Math.round(125 + 125 * value);
      return Math.round(place * 255 / 250);
    });
    const scene = rayScene({ size, channels: 1, data, spacing: [1, 1, 1] });
    const query = "stack=blocks&range=-1,1&stretch=0&yaw=50&pitch=20&fov=40&render=cubes" +
      "&points=0:0.4,0.5:0,1:0.4";
    const address = tileAt("h.2.w", [0, 0, 0], query, { mode: "voxels" });
    const { bytes } = await engine.ticket(address).tile();
    const found = await sharp(bytes).ensureAlpha().raw().toBuffer();
    const { rgba } = scene.render({
      mode: "cubes",
      camera: { yaw: 50, pitch: 20, fov: 40 },
      transfer: transferOf(palette("ember-ice"), [[0, 0.4], [0.5, 0], [1, 0.4]], 1),
      viewport: { size: 256, x: 0, y: 0, width: 256, height: 256 },
      level: 0.75,
      shading: true,
    });
    let squares = 0, drawn = 0;
    for (let i = 0; i < rgba.length; i += 4) {
      drawn += Number(rgba[i + 3]! > 0);
      for (let j = 0; j < 4; j++) {
        const weigh = (bytes: Uint8Array) =>
          j === 3 ? bytes[i + 3]! : bytes[i + j]! * bytes[i + 3]! / 255;
        squares += (weigh(found) - weigh(rgba)) ** 2;
      }
    }
    const psnr = 10 * Math.log10(255 ** 2 / (squares / rgba.length));
    assert(drawn > 5000, `${drawn} pixels are drawn`);
    assert(psnr > 40, `PSNR ${psnr} dB`);
  }, { workers: 3 }));

Deno.test("directions in a stack are weighed by what is known of each layer", () =>
  withTensors({
    ...rays,
    "h.1.w.weight": { shape: [16, 20], values: new Float32Array(320).fill(NaN) },
  }, async (engine) => {
    for (const query of ["", "&axes=1||0"]) {
      const asked = `stack=blocks&colour=direction${query}`;
      const { values } = await numbers(
        engine,
        tileAt("h.2.w", [0, 0, 0], asked, { mode: "voxels" }),
      );
      assert(values.some((value) => value > 0) && values.every(Number.isFinite));
    }
  }));

Deno.test("tiles of a stack's picture are cut from it without seams", () =>
  withTensors(rays, async (engine) => {
    const pixels = async (at: readonly [number, number, number], density: 1 | 2) => {
      const address = tileAt("h.2.w", at, "stack=blocks&yaw=160", { mode: "voxels", density });
      const { bytes } = await engine.ticket(address).tile();
      return await sharp(bytes).ensureAlpha().raw().toBuffer();
    };
    const whole = await pixels([0, 0, 0], 2);
    for (const [x, y] of [[0, 0], [1, 0], [0, 1], [1, 1]] as const) {
      const tile = await pixels([1, x, y], 1);
      for (let row = 0; row < 256; row++) {
        const from = ((y * 256 + row) * 512 + x * 256) * 4;
        assertEquals(
          tile.subarray(row * 1024, (row + 1) * 1024),
          whole.subarray(from, from + 1024),
        );
      }
    }
  }));

Deno.test("a list stacks just the layers that it names, in its order", () =>
  withTensors(rays, async (engine) => {
    const stack = "h.4.w,h.0.w.weight,h.3.w";
    const view = viewOf(engine, "h.0.w", `stack=${stack}&axis=x&slice=0&epsilon=1e-6`);
    assertEquals(view.stack, ["h.4.w.weight", "h.0.w.weight", "h.3.w.weight"]);
    assertEquals([view.plane.width, view.plane.height], [16, 3]);
    const { tensor } = await engine.inspect(view, 5, 0, undefined);
    assertEquals(tensor, "h.4.w.weight");
    const tags = ["", "stack=blocks", `stack=${stack}`, "stack=h.0.w,h.4.w,h.3.w"].map((query) =>
      engine.ticket(tileOf("h.0.w", [0, 0, 0], query)).etag
    );
    assertEquals(new Set(tags).size, tags.length);
    // The same values, so that they are merged by the same rule.
    for (const [order, z] of [["h.0.w,h.4.w,h.2.w", 4], ["h.0.w,h.2.w,h.4.w", 2]] as const) {
      const query = `stack=${order}&slice=1&epsilon=1e-6&range=-1,1`;
      const { values } = await numbers(engine, tileOf("h.0.w", [0, 0, 0], query));
      const [first] = rays[`h.${z}.w.weight`]!.values;
      assertAlmostEquals(values[0]!, first!, 2e-6, order);
    }
  }));

Deno.test("layers that cannot be stacked are refused with what there is", () =>
  withTensors({
    "embed.weight": { shape: [3, 2], values: new Float32Array(6) },
    ...Object.fromEntries([0, 1, 2].flatMap((i) => {
      const shape = i === 1 ? [3, 2] : [2, 3];
      return [
        [`h.${i}.w.weight`, { shape, values: new Float32Array(6) }],
        [`h.${i}.v.weight`, { shape: [2, 3], values: new Float32Array(6) }],
      ];
    })),
    "h.2.gate.weight": { shape: [2], values: new Float32Array(2) },
  }, (engine) => {
    const refused = (layer: string, stack: string, message: string) => {
      for (const mode of ["octree", "voxels"]) {
        assertThrows(() => viewOf(engine, layer, `stack=${stack}`, mode), BadRequest, message);
      }
    };
    refused("h.0.w", "blocks", "not [2,3] (h.0.w.weight and 1 more), [3,2] (h.1.w.weight)");
    refused("embed", "blocks", `"embed.weight" lies in none, of h.* (3)`);
    refused(
      "h.2.gate",
      "blocks",
      `needs "h.2.gate.weight" in several blocks: h.*.gate has it in one`,
    );
    refused("h.0.v", "h.0.v", "names one layer");
    refused("h.0.v", "h.1.v,h.2.v", `does not name "h.0.v.weight"`);
    refused("h.0.v", "h.0.v,embed", "not [2,3] (h.0.v.weight), [3,2] (embed.weight)");
    refused("h.0.v", "h.0.v,nobody", `names "nobody", of which model "model" has no layer`);
    refused("h.0.v", "h.0.v,", `names "", of which`);
    assertThrows(() => viewOf(engine, "h.0.v", "stack=blocks&axes=0||"), BadRequest, "axes=0||");
    assertThrows(() => viewOf(engine, "h.0.v", "stack=blocks&slice=3"), BadRequest, "the 3 slices");
    assertEquals(viewOf(engine, "h.0.v", "").idle, []);
    for (const layer of ["h.0.w", "embed", "h.2.gate"]) {
      assertEquals(viewOf(engine, layer, "").idle, ["stack"]);
    }
    return Promise.resolve();
  }));

Deno.test("layers of different element types are one stack, each of its own values", () => {
  const own: Content = {
    shape: [4, 32],
    values: Float32Array.from({ length: 128 }, (_, i) => (hash(i) - 0.5) * 4),
  };
  const half = new Float16Array(own.values), eight = eights("w", own);
  const padding = new Uint8Array(24); // after four blocks of 34 bytes
  const data = concat(
    ...[new Uint8Array(own.values.buffer), new Uint8Array(half.buffer)],
    ...[eight.bytes.subarray(-4 * 34), padding, new Uint8Array(3 * 32)],
  );
  const tensors = [[0, 0], [1, 512], [8, 768]].flatMap(([type = 0, offset = 0], i) => [
    { name: `blk.${i}.ffn_up.weight`, dims: [32, 4], type, offset },
    { name: `blk.${i}.ffn_norm.weight`, dims: [4], offset: 928 + 32 * i },
  ]);
  return withFolder(
    (folder) => Deno.writeFile(`${folder}/model.gguf`, ggufFile({ tensors, data })),
    { workers: 1 },
    async (engine) => {
      const dtypes = engine.model("model").layers.filter(({ name }) => name.endsWith("up"))
        .map(({ main }) => main.dtype);
      assertEquals(dtypes, ["F32", "F16", "Q8_0"]);
      for (const [z, values] of [own.values, Float32Array.from(half), eight.values].entries()) {
        const query = `stack=blocks&slice=${z}&epsilon=1e-6`;
        const tile = await numbers(engine, tileOf("blk.2.ffn_up", [0, 0, 0], query));
        for (let i = 0; i < 128; i++) {
          const found = tile.values[Math.floor(i / 32) * 256 + i % 32]!;
          assertAlmostEquals(found, values[i]!, 1e-5, `slice ${z}, element ${i}`);
        }
      }
    },
  );
});

Deno.test("a stack of more files than are kept open reads all of them", () => {
  const count = 80, side = 9;
  const values = (z: number) =>
    Float32Array.from({ length: side * side }, (_, i) => hash(1000 * z + i));
  const members = Array.from({ length: count }, (_, z) =>
    ["w", "v"].map((name) => ({
      name: `h.${z}.${name}.npy`,
      data: npyFile(npyHeader("<f4", [side, side]), new Uint8Array(values(z).buffer)),
      deflate: true,
    }))).flat();
  return withFolder(
    (folder) => Deno.writeFile(`${folder}/model.npz`, zipFile(members)),
    { workers: 1 },
    async (engine) => {
      const query = "stack=blocks&axis=y&slice=4&epsilon=1e-6";
      const tile = await numbers(engine, tileOf("h.7.w", [0, 0, 0], query));
      for (let z = 0; z < count; z++) {
        for (let x = 0; x < side; x++) {
          assertAlmostEquals(tile.values[z * 256 + x]!, values(z)[4 * side + x]!, 2e-6);
        }
      }
    },
  );
});

Deno.test("another value in any layer of a stack is another picture of it", async () => {
  const tag = async (last: number) => {
    const { "h.4.w.weight": own, ...others } = rays;
    const values = own!.values.with(319, last);
    let etag = "";
    await withTensors({ ...others, "h.4.w.weight": { ...own!, values } }, (engine) => {
      etag = engine.ticket(tileOf("h.0.w", [0, 0, 0], "stack=blocks")).etag;
      return Promise.resolve();
    });
    return etag;
  };
  assertNotEquals(await tag(3), await tag(3.5));
});
