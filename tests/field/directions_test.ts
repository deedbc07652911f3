import { assert, assertEquals } from "@std/assert";
import { DIRECTED, directed } from "../../src/field/volume/directions.ts";

const hues = (values: readonly number[], across: number) => {
  const means = Float32Array.from(values), into = new Uint8Array(means.length * DIRECTED).fill(9);
  directed(means, new Uint8Array(means.length).fill(77), across, 50, into);
  return Array.from(means, (_, i) => [...into.subarray(DIRECTED * i, DIRECTED * (i + 1))]);
};

Deno.test("a voxel's hue is where the gradient in its slice points, once around in 256 steps", () => {
  // Planes that climb in eight directions, seen at their middle.
  for (let eighth = 0; eighth < 8; eighth++) {
    const angle = eighth * Math.PI / 4;
    const plane = Array.from(
      { length: 9 },
      (_, i) => (i % 3) * Math.cos(angle) + Math.floor(i / 3) * Math.sin(angle),
    );
    assertEquals(hues(plane, 3)[4], [77, 32 * eighth, 50, 255]);
    // At the corners the difference is one-sided, and points the same way.
    assertEquals(hues(plane, 3)[0]![1], 32 * eighth);
    assertEquals(hues(plane, 3)[8]![1], 32 * eighth);
  }
});

Deno.test("what is not there has no presence, and lends its neighbours no gradient", () => {
  const found = hues([1, NaN, 3, 2], 4);
  assertEquals(found[1], [0, 0, 0, 0]);
  assertEquals(found[0], [77, 0, 50, 255]);
  // Downhill to the right: half way around.
  assertEquals(found[2]![1], 128);
  assert(found.every(([r]) => r === 77 || r === 0));
});
