import { assertEquals } from "@std/assert";
import sharp from "sharp";
import {
  NEGATIVE_INFINITY,
  NOT_A_NUMBER,
  OUTSIDE,
  POSITIVE_INFINITY,
} from "../../src/compute/ops.ts";
import { palette } from "../../src/modes/colour.ts";
import { tileAt, withTensors } from "./models.ts";

// In steps of 0.02 from −1 to 1, so that the quantiles q and 1 − q are −1 + 2q and 1 − 2q.
const steps = Float32Array.from({ length: 101 }, (_, i) => (i - 50) / 50);
const specials = Float32Array.of(...steps, Infinity, -Infinity, NaN);
const tensors = {
  steps: { shape: [1, steps.length], values: steps },
  specials: { shape: [1, specials.length], values: specials },
};

const pictures: [query: string, map: string, entry: (value: number) => number][] = [
  // On a diverging map zero keeps the middle, so that −0.1 is no end of the ramp, but clamps.
  ["range=-0.1,0.3", "synaptile", (x) => 125 + 125 * Math.max(-0.1, Math.min(0.3, x)) / 0.3],
  ["range=-0.5,0.2", "rdbu", (x) => 125 + 125 * Math.max(-0.5, Math.min(0.2, x)) / 0.5],
  ["range=-0.1,0.3", "viridis", (x) => 250 * (Math.max(-0.1, Math.min(0.3, x)) + 0.1) / 0.4],
  ["range=0.11,0.3", "synaptile", (x) => 125 + 125 * Math.max(0.11, Math.min(0.3, x)) / 0.3],
  ["normalize=none", "synaptile", (x) => 125 + 125 * x],
  ["normalize=none&clip=0.1", "synaptile", (x) => 125 + 125 * Math.max(-0.8, Math.min(0.8, x))],
  ["normalize=none&clip=0.3", "magma", (x) => 250 * Math.max(-0.4, Math.min(0.4, x))],
];

Deno.test("values beyond range and clip have the colour of their end; infinities and NaN their own", () =>
  withTensors(tensors, async (engine) => {
    for (const [layer, { values }] of Object.entries(tensors)) {
      for (const reverse of [false, true]) {
        for (const [query, map, entry] of pictures) {
          const search = `${query}&colormap=${map}${reverse ? "&colormap_reverse=1" : ""}`;
          const { bytes } = await engine.ticket(tileAt(layer, [0, 0, 0], search)).tile();
          const pixels = await sharp(bytes).ensureAlpha().raw().toBuffer();
          const colors = palette(map, reverse);
          const color = (entry: number) => [...colors.subarray(4 * entry, 4 * entry + 4)];
          for (const [i, value] of values.entries()) {
            const want = Number.isFinite(value)
              ? near(entry(value)).map(color)
              : [color(special(value))];
            const got = [...pixels.subarray(4 * i, 4 * i + 4)];
            const match = want.find((color) => color.every((part, k) => part === got[k]));
            assertEquals(got, match ?? want[0], `${search}: ${value} in ${layer}`);
          }
          const outside = 4 * values.length;
          assertEquals([...pixels.subarray(outside, outside + 4)], color(OUTSIDE));
        }
      }
    }
  }));

/** The entry of a position on the ramp, or both where it lies between two of them to a float32. */
function near(position: number): number[] {
  const x = Math.max(0, Math.min(250, position));
  return [...new Set([Math.round(x - 1e-4), Math.round(x + 1e-4)])];
}

function special(value: number): number {
  if (Number.isNaN(value)) return NOT_A_NUMBER;
  return value > 0 ? POSITIVE_INFINITY : NEGATIVE_INFINITY;
}
