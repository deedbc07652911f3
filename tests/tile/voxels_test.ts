import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import sharp from "sharp";
import { rayScene } from "../../src/compute/reference/raymarch.ts";
import { BadRequest, NotFound } from "../../src/errors.ts";
import { palette } from "../../src/modes/colour.ts";
import { transferOf } from "../../src/modes/opacity.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { type Content, hash, numbers, tileAt, withTensors } from "./models.ts";

// As a volume 20 across, 16 down, 24 through.
const size = [20, 16, 24] as const;
const matrix: Content = {
  shape: [24, 320],
  values: Float32Array.from({ length: 24 * 320 }, (_, i) => {
    const z = Math.floor(i / 320), y = Math.floor(i % 320 / 20);
    return i === 5000 ? NaN : Math.sin(z / 5) * Math.cos(y / 4) + 0.1 * (hash(i) - 0.5);
  }),
};

const at = (z: number, x: number, y: number, query: string) =>
  tileAt("matrix", [z, x, y], query, { mode: "voxels" });
const viewOf = (engine: Engine, query: string) =>
  engine.view("model", "matrix", "voxels", new URLSearchParams(query));
const pixels = async (
  engine: Engine,
  ...[z, x, y, query, density = 1]: [...Parameters<typeof at>, (1 | 2)?]
) => {
  const { bytes } = await engine.ticket({ ...at(z, x, y, query), density }).tile();
  return await sharp(bytes).ensureAlpha().raw().toBuffer();
};

Deno.test("a volume is what the reference draws of the same voxels", () =>
  withTensors({ matrix }, async (engine) => {
    const fixed = "range=-1,1&stretch=0&colormap=ember-ice";
    // Places on the ramp as the range says: −1 is 0, 1 is 255.
    const data = Uint8Array.from(matrix.values, (value) => {
      const place = Math.round(125 + 125 * Math.min(1, Math.max(-1, value || 0)));
      return Math.round(place * 255 / 250);
    });
    const scene = rayScene({ size, channels: 1, data, spacing: [1, 1, 1] });
    const camera = { yaw: 20, pitch: -35, fov: 40 };
    const transfer = transferOf(palette("ember-ice"), [[0, 0.4], [0.5, 0], [1, 0.4]], 1);
    for (const mode of ["composite", "maximum", "iso", "cubes"] as const) {
      const query =
        `${fixed}&render=${mode}&yaw=20&pitch=-35&fov=40&points=0:0.4,0.5:0,1:0.4&level=0.7`;
      const found = await pixels(engine, 0, 0, 0, query);
      const viewport = { size: 256, x: 0, y: 0, width: 256, height: 256 };
      const { rgba } = scene.render({
        mode,
        camera,
        transfer,
        viewport,
        level: 0.7,
        shading: true,
      });
      let squares = 0, drawn = 0;
      for (let i = 0; i < rgba.length; i += 4) {
        drawn += Number(rgba[i + 3]! > 0);
        for (let j = 0; j < 4; j++) {
          // Colours of what is transparent do not matter.
          const weigh = (bytes: Uint8Array) =>
            j === 3 ? bytes[i + 3]! : bytes[i + j]! * bytes[i + 3]! / 255;
          squares += (weigh(found) - weigh(rgba)) ** 2;
        }
      }
      const psnr = 10 * Math.log10(255 ** 2 / (squares / rgba.length));
      assert(drawn > 5000, `${mode}: ${drawn} pixels are drawn`);
      assert(psnr > 40, `${mode}: PSNR ${psnr} dB`);
    }
  }));

Deno.test("directions are hues, weighed by the norms of the channels", () => {
  // Of 24 channels half are a tenth of the others; within each, values climb to the right or down.
  const climbing: Content = {
    shape: [24, 256],
    values: Float32Array.from({ length: 24 * 256 }, (_, i) => {
      const z = Math.floor(i / 256), y = Math.floor(i % 256 / 16), x = i % 16;
      return (z < 12 ? 1 : 0.1) * (z < 12 ? x : y);
    }),
  };
  return withTensors({ climbing }, async (engine) => {
    const look =
      "colour=direction&range=-16,16&yaw=0&pitch=0&fov=0&shading=0&stretch=0&points=0:0,0.1:0.5,1:0.5";
    const first = async (query: string) => {
      const address = tileAt("climbing", [0, 0, 0], `${look}&${query}`, { mode: "voxels" });
      const { bytes } = await engine.ticket(address).tile();
      const { data } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
      const sums = [0, 0, 0, 0];
      for (let i = 0; i < data.length; i++) {
        sums[i % 4]! += data[i]! * (i % 4 === 3 ? 1 : data[i | 3]!);
      }
      return sums as [number, number, number, number];
    };
    // From before, the strong half hides the weak one: along x is red.
    const [red, green, blue, strong] = await first("");
    assert(red > 5 * green && red > 5 * blue, `${[red, green, blue]}`);
    // Without it, the weak half lets through most of what lies behind: along y is between yellow and green.
    const [r, g, b, weak] = await first("axis=z&slice=0.5");
    assert(g > b && g > 0.8 * r, `${[r, g, b]}`);
    assert(weak < 0.6 * strong, `${weak} of ${strong}`);
  });
});

Deno.test("tiles of an image are cut from it without seams, twice as dense ones too", () =>
  withTensors({ matrix }, async (engine) => {
    const query = "fov=50&yaw=200";
    const whole = await pixels(engine, 0, 0, 0, query, 2);
    for (const [x, y] of [[0, 0], [1, 0], [0, 1], [1, 1]] as const) {
      const tile = await pixels(engine, 1, x, y, query);
      for (let row = 0; row < 256; row++) {
        const from = ((y * 256 + row) * 512 + x * 256) * 4;
        assertEquals(
          tile.subarray(row * 1024, (row + 1) * 1024),
          whole.subarray(from, from + 1024),
          `row ${row} of tile ${x}, ${y}`,
        );
      }
    }
    const opacity = await numbers(engine, at(0, 0, 0, query));
    assert(opacity.values.every((value) => value >= 0 && value <= 1));
    const small = await engine.ticket({ ...at(-3, 0, 0, query), crop: true }).tile();
    assertEquals((await sharp(small.bytes).metadata()).width, 32);
  }));

Deno.test("several workers draw what one draws, to the bit, in every format", () =>
  withTensors({ matrix }, (one) =>
    withTensors({ matrix }, async (three) => {
      for (const format of ["png", "webp", "npy", "bin"] as const) {
        const address = { ...at(1, 1, 0, "fov=20&yaw=70&shading=0"), format };
        const [a, b] = await Promise.all([one, three].map((each) => each.ticket(address).tile()));
        assertEquals(a!.bytes, b!.bytes);
      }
      const narrow = { ...at(-2, 0, 0, ""), crop: true };
      const [a, b] = await Promise.all([one, three].map((each) => each.ticket(narrow).tile()));
      assertEquals(a!.bytes, b!.bytes);
    }, { workers: 3 })));

Deno.test("a worker marches through many volumes one after the other", () =>
  withTensors({ matrix }, async (engine) => {
    for (let i = 0; i < 60; i++) {
      await numbers(engine, at(0, 0, 0, `alpha=${1 + i}`));
    }
  }));

Deno.test("degenerate volumes are drawn", () =>
  withTensors({
    line: { shape: [5000], values: new Float32Array(5000).fill(1) },
    thin: { shape: [1, 1, 900], values: new Float32Array(900).fill(-2) },
    nothing: { shape: [6, 6], values: new Float32Array(36).fill(NaN) },
    one: { shape: [1], values: Float32Array.of(3) },
  }, async (engine) => {
    for (const layer of ["line", "thin", "nothing", "one"]) {
      for (const render of ["composite", "maximum", "iso", "cubes"]) {
        const query = `render=${render}&distance=0.2`;
        const tile = await numbers(engine, tileAt(layer, [1, 1, 1], query, { mode: "voxels" }));
        assertEquals([tile.width, tile.height], [256, 256]);
      }
    }
  }));

Deno.test("volumes longer than rays can march through are drawn of coarser voxels", () =>
  withTensors({
    long: { shape: [5000], values: new Float32Array(5000).fill(1) },
    longest: { shape: [3 << 20], values: new Float32Array(3 << 20).fill(1) },
  }, async (engine) => {
    for (const layer of ["long", "longest"]) {
      for (const z of layer === "long" ? [0, 4, 7] : [5]) {
        for (const stretch of [0, 1]) {
          const middle = 2 ** z >> 1;
          const query = `axes=0||&stretch=${stretch}&opacity=haze&pitch=0&yaw=0`;
          const address = tileAt(layer, [z, middle, middle], query, { mode: "voxels" });
          const { values } = await numbers(engine, address);
          const seen = values.some((value) => value > 0);
          assert(seen || stretch === 0, `${layer} at zoom ${z} is seen`);
        }
      }
    }
  }));

Deno.test("what cannot be drawn of a volume is refused with what could be", () =>
  withTensors({ matrix }, async (engine) => {
    const refused = (query: string, message: string) =>
      assertThrows(() => viewOf(engine, query), BadRequest, message);
    refused("points=0:0.3,0.5", 'pairs "place:opacity"');
    refused("points=0.5:0.3,0.1:1", "places ascending");
    refused("fov=121", "from 0 to 120");
    refused("fov=0.2", "neither 0 nor from 0.5");
    refused("fov=0&distance=0", "above 0");
    refused("distance=-1", "from 0 to 1000");
    refused("yaw=Infinity", "from -360 to 360");
    refused("slice=2&axis=x", "from 0 to 1");
    refused("render=glow", "one of composite, maximum, iso, cubes");
    refused("axes=0|1|1", "each of the 2 axes");
    const view = viewOf(engine, "");
    await assertRejects(() => engine.inspect(view, 0, 0, undefined), NotFound, "no single cell");
    await assertRejects(() => engine.octree(view), NotFound, "draws no octree");
    assertThrows(() => engine.ticket({ ...at(0, 0, 0, ""), format: "jpg" }), BadRequest, "jpg");
  }));
