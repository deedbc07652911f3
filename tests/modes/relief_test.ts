import { assert, assertEquals } from "@std/assert";
import { palette } from "../../src/modes/colour.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { withTensors } from "../tile/models.ts";
import { pixels } from "../tile/pictures.ts";

/** Cells a side of the square of channels that a layer has here. */
const SIDE = 9;

/** A layer whose channels have these norms, SIDE of them in a row. */
const withNorms = (
  norm: (x: number, y: number) => number,
  test: (engine: Engine) => Promise<void>,
) => {
  const values = Float32Array.from(
    { length: SIDE * SIDE * 2 },
    (_, i) => i % 2 === 1 ? 0 : norm((i >> 1) % SIDE, Math.floor((i >> 1) / SIDE)),
  );
  return withTensors({ m: { shape: [SIDE * SIDE, 2], values } }, test);
};

async function draw(engine: Engine, query: string, z = 0) {
  const { bytes } = await engine.ticket({
    ...{ model: "model", layer: "m", mode: "norms", z, x: 0, y: 0, density: 1, format: "png" },
    ...{ crop: true, query: new URLSearchParams(`range=0,10&${query}`) },
  }).tile();
  const { rgba, width } = await pixels(bytes);
  return (x: number, y: number) => rgba[y * width + x]!;
}

const colours = new Uint32Array(palette("hypsometric").slice().buffer);
/** The ramp's own colour of a norm from 0 to 10. */
const level = (norm: number) => colours[Math.round(25 * norm)]!;
const light = (word: number) => (word & 0xff) + (word >> 8 & 0xff) + (word >> 16 & 0xff);

Deno.test("level ground has the ramp's own colours, whatever the light", () =>
  withNorms(() => 4, async (engine) => {
    for (const query of ["", "azimuth=120", "altitude=10", "relief=100&shade=1"]) {
      assertEquals((await draw(engine, query))(4, 4), level(4));
    }
  }));

Deno.test("slopes are lighter where they face the light, and darker where they turn away", () =>
  withNorms((x) => x, async (engine) => {
    // It rises to the right: it faces the left.
    for (const [azimuth, sign] of [[270, 1], [315, 1], [225, 1], [90, -1], [45, -1], [135, -1]]) {
      const at = await draw(engine, `azimuth=${azimuth}`);
      for (const x of [0, 3, SIDE - 1]) {
        assertEquals(Math.sign(light(at(x, 4)) - light(level(x))), sign, `${azimuth}° ${x}`);
      }
    }
    for (const query of ["shade=0", "relief=0"]) {
      const at = await draw(engine, query);
      for (let x = 0; x < SIDE; x++) assertEquals(at(x, 2), level(x));
    }
  }));

Deno.test("a slope's light is Lambert's, by that of level ground", () =>
  withNorms((_, y) => y, async (engine) => {
    // It rises by 0.1 of the ramp a pixel, that is, by 1, downwards: by 45° it faces the light above.
    const at = await draw(engine, "azimuth=0&altitude=45&relief=10&shade=1");
    const channels = (word: number) => [word & 0xff, word >> 8 & 0xff, word >> 16 & 0xff];
    const brighter = Math.SQRT2 - 1;
    const expected = channels(level(5)).map((own) => Math.round(own + (255 - own) * brighter));
    assertEquals(channels(at(4, 5)), expected);
    // One-sided where there is nothing beyond.
    for (const y of [0, SIDE - 1]) {
      const own = channels(level(y));
      const edge = own.map((own) => Math.round(own + (255 - own) * brighter));
      assertEquals(channels(at(4, y)), edge);
    }
    // From below it lies in its own shadow.
    const dark = await draw(engine, "azimuth=180&altitude=45&relief=10&shade=1");
    assertEquals(channels(dark(4, 5)), [0, 0, 0]);
    const half = await draw(engine, "azimuth=180&altitude=45&relief=10&shade=0.5");
    assertEquals(channels(half(4, 5)), channels(level(5)).map((own) => Math.round(own / 2)));
  }));

Deno.test("zoomed in, cells are level inside, and their rims as steep as the step to the next", () =>
  withNorms((x) => x < 5 ? 2 : 6, async (engine) => {
    for (const z of [2, 3, 4, 5, 6]) {
      const p = 2 ** z, at = await draw(engine, "azimuth=270", z);
      const last = Math.min(SIDE, 256 / p);
      // Their figures are in the middle from 32 pixels on.
      for (let x = 0; x < last; x++) {
        assertEquals(at(x * p + (p >> 1), (p >> 2) + 1), level(x < 5 ? 2 : 6), `${p} ${x}`);
      }
      if (last <= 5) continue;
      const [before, after] = [at(5 * p - 1, p >> 1), at(5 * p, p >> 1)];
      assert(light(before) > light(level(2)) && light(after) > light(level(6)), `${p}`);
      assertEquals(at(2 * p, p >> 1), level(2));
    }
  }));

Deno.test("colours and the legend agree, and curves begin with 0 at the ramp's start", () =>
  withNorms((x, y) => x + y / SIDE, async (engine) => {
    for (const normalize of ["minmax", "tanh", "log", "zscore", "robust", "none"]) {
      for (const clip of ["0", "0.05"]) {
        const query = new URLSearchParams({ normalize, clip, shade: "0" });
        const { ramp } = await engine.legend(engine.view("model", "m", "norms", query));
        const stops = ramp!.stops;
        const { bytes } = await engine.ticket({
          ...{ model: "model", layer: "m", mode: "norms", z: 0, x: 0, y: 0, density: 1 },
          ...{ format: "png", crop: true, query },
        }).tile();
        const { rgba } = await pixels(bytes);
        for (const [i, word] of rgba.entries()) {
          const norm = i % SIDE + Math.floor(i / SIDE) / SIDE;
          const next = stops.findIndex(({ value }) => value >= norm);
          const [to, from] = [stops.at(next)!, stops[Math.max(0, next - 1)]!];
          const share = to.value > from.value ? (norm - from.value) / (to.value - from.value) : 0;
          const at = from.at + Math.max(0, Math.min(1, share)) * (to.at - from.at);
          const off = Math.abs(colours.indexOf(word) - 250 * at);
          assert(off <= 3, `${query}: ${norm} is ${off} entries from where the legend has it`);
        }
        if (clip === "0" && (normalize === "tanh" || normalize === "log")) {
          assertEquals([stops[0]!.value, rgba[0]], [0, level(0)]);
        }
      }
    }
  }));
