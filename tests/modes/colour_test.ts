import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
// @ts-types="@types/d3-scale-chromatic"
import * as d3 from "d3-scale-chromatic";
import fc from "fast-check";
import {
  NEGATIVE_INFINITY,
  NOT_A_NUMBER,
  OUTSIDE,
  POSITIVE_INFINITY,
  RAMP,
} from "../../src/compute/ops.ts";
import { BadRequest } from "../../src/errors.ts";
import { colormaps, hex, palette } from "../../src/modes/colour.ts";
import { parseColor, toOklab, toSrgb } from "../../src/modes/oklab.ts";

const middle = (RAMP - 1) / 2;
const rgba = (colors: Uint8Array, entry: number) => [...colors.subarray(4 * entry, 4 * entry + 4)];
const lab = (colors: Uint8Array, entry: number) => toOklab(parseColor(hex(colors, entry)));

Deno.test("palette: every map fills the ramp with opaque colours and keeps the special entries", () => {
  for (const { name } of colormaps) {
    for (const reverse of [false, true]) {
      const colors = palette(name, reverse);
      assertEquals(colors.length, 1024, name);
      for (let i = 0; i < RAMP; i++) assertEquals(colors[4 * i + 3], 255, `${name} ${i}`);
      assertEquals(rgba(colors, OUTSIDE), [0, 0, 0, 0]);
      assertEquals(rgba(colors, NOT_A_NUMBER), [255, 0, 255, 255]);
      assertEquals(rgba(colors, POSITIVE_INFINITY), [255, 255, 0, 255]);
      assertEquals(rgba(colors, NEGATIVE_INFINITY), [0, 255, 255, 255]);
    }
  }
});

Deno.test("palette: reversing turns the ramp around and nothing else", () => {
  for (const { name } of colormaps) {
    const [there, back] = [palette(name), palette(name, true)];
    for (let i = 0; i < RAMP; i++) assertEquals(rgba(there, i), rgba(back, RAMP - 1 - i));
  }
});

Deno.test("palette: names are unique, lower case and cover all maps of d3-scale-chromatic", () => {
  const names = new Set<string>(colormaps.map((map) => map.name));
  assertEquals(names.size, colormaps.length);
  const theirs = Object.keys(d3).filter((key) => key.startsWith("interpolate"))
    .map((key) => key.slice("interpolate".length).toLowerCase().replace("default", ""));
  assertEquals(theirs.filter((name) => !names.has(name)), []);
  assertEquals(
    [...names].filter((name) => !theirs.includes(name)).sort(),
    ["ember-ice", "hot", "hypsometric", "synaptile", "twilight"],
  );
});

Deno.test("palette: maps of d3 have d3's colours in d3's direction", () => {
  const cases = { rdbu: d3.interpolateRdBu, viridis: d3.interpolateViridis } as const;
  for (const [name, interpolate] of Object.entries(cases)) {
    for (const i of [0, 1, middle, 200, RAMP - 1]) {
      const expected = parseColor(interpolate(i / (RAMP - 1))).map((x) => Math.round(255 * x));
      assertEquals(rgba(palette(name), i).slice(0, 3), expected, `${name} ${i}`);
    }
  }
  assertEquals(hex(palette("viridis"), 0), "#440154");
  assertEquals(hex(palette("rdbu"), 0), "#67001f");
});

Deno.test("palette: zero is exactly white or black, blue lies below and red above", () => {
  for (const [name, zero] of [["synaptile", "#ffffff"], ["ember-ice", "#000000"]] as const) {
    const colors = palette(name);
    assertEquals(hex(colors, middle), zero);
    for (let i = 5; i < middle; i++) {
      const [r, , b] = rgba(colors, middle - i) as [number, number, number];
      assert(b > r, `${name} ${-i}: blue ${b} over red ${r}`);
      const [r2, , b2] = rgba(colors, middle + i) as [number, number, number];
      assert(r2 > b2, `${name} +${i}: red ${r2} over blue ${b2}`);
    }
  }
});

Deno.test("palette: our diverging maps change lightness steadily and alike on both sides", () => {
  for (const [name, way] of [["synaptile", -1], ["ember-ice", 1]] as const) {
    const colors = palette(name);
    for (let i = 1; i <= middle; i++) {
      const [down, up] = [lab(colors, middle - i)[0], lab(colors, middle + i)[0]];
      assert(Math.abs(down - up) < 0.03, `${name} ±${i}: lightness ${down} and ${up}`);
      for (const side of [-1, 1]) {
        const step = lab(colors, middle + side * i)[0] - lab(colors, middle + side * (i - 1))[0];
        assert(way * step > -0.004, `${name} ${side * i}: lightness turns back by ${step}`);
      }
    }
  }
});

Deno.test("palette: what lies higher is lighter on the ramp of heights, at every step", () => {
  const colors = palette("hypsometric");
  const lightness = Array.from({ length: RAMP }, (_, i) => lab(colors, i)[0]);
  // As light as a step of 8 bits leaves it.
  for (let i = 1; i < RAMP; i++) assert(lightness[i]! > lightness[i - 1]! - 0.001, `${i}`);
  assert(lightness[0]! < 0.4 && lightness.at(-1)! > 0.95);
});

Deno.test("palette: neighbours on a ramp look alike, cyclic maps close", () => {
  for (const { name, kind } of colormaps) {
    const colors = palette(name);
    const distance = (i: number, j: number) => {
      const [p, q] = [rgba(colors, i), rgba(colors, j)];
      return Math.max(...p.map((x, k) => Math.abs(x - q[k]!)));
    };
    for (let i = 1; i < RAMP; i++) {
      assert(distance(i, i - 1) <= 16, `${name} ${distance(i, i - 1)}`);
    }
    if (kind === "cyclic") assert(distance(0, RAMP - 1) <= 16, `${name} is open`);
  }
});

Deno.test("palette: hot and twilight meet matplotlib's colours", () => {
  assertEquals(rgba(palette("hot"), 0), [11, 0, 0, 255]);
  assertEquals(rgba(palette("hot"), RAMP - 1), [255, 255, 255, 255]);
  assertEquals(hex(palette("twilight"), 0), "#e2d9e2");
  // matplotlib's middle entries are #2f1436 and #301437.
  const [lightness] = lab(palette("twilight"), middle);
  assert(lightness < 0.32, `the middle of twilight is dark, found lightness ${lightness}`);
});

Deno.test("palette: an unknown name is a BadRequest that lists what there is", () => {
  const error = assertThrows(() => palette("jet"), BadRequest, `"jet"`);
  assertEquals(error.details["found"], "jet");
  assertEquals((error.details["allowed"] as string[]).length, colormaps.length);
});

Deno.test("oklab: there and back again is the identity on sRGB", () => {
  const channel = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(fc.property(fc.tuple(channel, channel, channel), (rgb) => {
    const back = toSrgb(toOklab(rgb));
    for (const i of [0, 1, 2] as const) assertAlmostEquals(back[i], rgb[i], 1e-5);
  }));
  // Published by the author of OKLab for CIE XYZ (0.950, 1.000, 1.089), D65 white.
  const [l, a, b] = toOklab([1, 1, 1]);
  assertAlmostEquals(l, 1, 1e-6);
  assertAlmostEquals(Math.hypot(a, b), 0, 1e-6);
});
