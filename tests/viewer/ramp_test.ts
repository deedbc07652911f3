import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { colorAt, positionOf, valueAt } from "../../src/viewer/ramp.ts";

const even = (values: number[]) =>
  values.map((value, i) => ({ at: i / (values.length - 1), value }));
const stops = even([-3, -1, 0, 0.5, 4]);

Deno.test("a value's position on the ramp is the inverse of the value there", () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
    assertAlmostEquals(positionOf(stops, valueAt(stops, share)), share, 1e-9);
  }));
});

Deno.test("values beyond the ramp take its ends", () => {
  assertEquals([positionOf(stops, -9), positionOf(stops, 9)], [0, 1]);
  assertEquals([valueAt(stops, -1), valueAt(stops, 2)], [-3, 4]);
});

Deno.test("colours between two of the ramp are mixed, also when it is turned round", () => {
  const colors = ["#000000", "#ff8000", "#ffffff"];
  assertEquals(colorAt(colors, 0.25), "rgb(128 64 0)");
  assertEquals(colorAt(colors, 0.75, true), "rgb(128 64 0)");
  assertEquals(colorAt(colors, 1), "rgb(255 255 255)");
  assertEquals(colorAt([], 0.5), "transparent");
});
