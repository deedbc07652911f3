import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { RayImage, RayView, RayVolume } from "../../../src/compute/ray/ops.ts";
import {
  hueTable,
  samplesOf,
  transfers,
  transferTable,
} from "../../../src/compute/ray/transfer.ts";
import { rayScene } from "../../../src/compute/reference/raymarch.ts";
import { even, viewOf } from "./samples.ts";

const front = { yaw: 0, pitch: 0, fov: 0 };
const flat = (opacity: number) => transferTable([{ value: 0, colour: [1, 0.5, 0], opacity }]);
const render = (volume: RayVolume, part: Partial<RayView>): RayImage =>
  rayScene(volume).render(viewOf({ camera: front, ...part }));
const at = ({ width, values }: RayImage, x: number, y: number) => values[y * width + x]!;
const pixel = (
  { width, rgba }: RayImage,
  x: number,
  y: number,
) => [...rgba.subarray(4 * (y * width + x), 4 * (y * width + x) + 4)];

Deno.test("rays: opacity is of a voxel's length, whatever the step", () => {
  for (const step of [0.25, 0.5, 1, 2]) {
    const image = render(even([16, 16, 16], 80), { step, transfer: flat(0.1) });
    assertAlmostEquals(at(image, 32, 32), 1 - 0.9 ** 16, 1e-5, `step ${step}`);
    assertEquals(pixel(image, 32, 32).slice(0, 3), [255, 128, 0]);
    assertEquals(pixel(image, 0, 0), [0, 0, 0, 0]);
  }
});

Deno.test("rays: an opaque ray is 1, to the number", () => {
  const image = render(even([16, 16, 16], 80), { transfer: flat(0.5) });
  assertEquals(at(image, 30, 34), 1);
  assertEquals(pixel(image, 30, 34), [255, 128, 0, 255]);
});

Deno.test("rays: seen from the front, x goes right, y down, z away", () => {
  const volume = even([4, 4, 4], 10);
  volume.data[0] = 250;
  const image = render(volume, { mode: "maximum" });
  const side = 64 / Math.hypot(4, 4, 4);
  const centre = (i: number) => Math.round(32 + (i - 1.5) * side - 0.5);
  assertAlmostEquals(at(image, centre(0), centre(0)), 250 / 255, 0.1);
  assertAlmostEquals(at(image, centre(3), centre(0)), 10 / 255, 1e-6);
  assertAlmostEquals(at(image, centre(0), centre(3)), 10 / 255, 1e-6);
  assert(Number.isNaN(at(image, 0, 0)));
  // Turned about, the voxel is right; from above, its row is farthest away: up.
  const behind = render(volume, { mode: "maximum", camera: { ...front, yaw: 180 } });
  assertAlmostEquals(at(behind, centre(3), centre(0)), 250 / 255, 0.1);
  const above = render(volume, { mode: "maximum", camera: { ...front, pitch: -90 } });
  assertAlmostEquals(at(above, centre(0), centre(0)), 250 / 255, 0.1);
});

Deno.test("rays: a surface lies where the level is crossed", () => {
  const data = Uint8Array.from({ length: 32 ** 3 }, (_, i) => 8 * (i >> 10));
  const volume: RayVolume = { size: [32, 32, 32], channels: 1, data, spacing: [1, 1, 1] };
  const radius = Math.hypot(32, 32, 32) / 2;
  for (const level of [0.2, 0.51, 0.9]) {
    const image = render(volume, { mode: "iso", level });
    const depth = radius - 16 + 255 * level / 8 + 0.5;
    assertAlmostEquals(at(image, 32, 32), depth, 0.02, `level ${level}`);
  }
  assert(Number.isNaN(at(render(volume, { mode: "iso", level: 1 }), 32, 32)));
});

Deno.test("rays: a cube is met at its face, in the colour of its value", () => {
  const volume = even([3, 3, 3], 0);
  volume.data[13] = 255;
  const transfer = transferTable([
    { value: 0, colour: [0, 0, 0], opacity: 0 },
    { value: 254 / 255, colour: [0, 0, 0], opacity: 0 },
    { value: 1, colour: [0, 1, 0], opacity: 1 },
  ]);
  const image = render(volume, { mode: "cubes", transfer });
  assertAlmostEquals(at(image, 32, 32), Math.hypot(3, 3, 3) / 2 - 0.5, 1e-6);
  assertEquals(pixel(image, 32, 32), [0, 255, 0, 255]);
  assert(Number.isNaN(at(image, 32, 15)));
});

Deno.test("rays: a slice cuts off what lies on the viewer's side", () => {
  const data = Uint8Array.from({ length: 8 ** 3 }, (_, i) => (i >> 6) < 4 ? 200 : 50);
  const volume: RayVolume = { size: [8, 8, 8], channels: 1, data, spacing: [1, 1, 1] };
  const slice = { axis: 2, position: 0.75 } as const;
  const seen = (yaw: number) =>
    at(render(volume, { mode: "maximum", camera: { ...front, yaw }, slice }), 32, 32);
  assertAlmostEquals(seen(0), 50 / 255, 1e-6);
  assertAlmostEquals(seen(180), 200 / 255, 1e-6);
});

Deno.test("rays: the bounding sphere touches the sides of the image", () => {
  for (const fov of [0, 20, 90]) {
    // A needle across the view is as long as the sphere is wide.
    const image = render(even([400, 3, 3], 100), {
      mode: "maximum",
      camera: { ...front, fov },
      viewport: { size: 512, x: 0, y: 255, width: 512, height: 2 },
    });
    const lit = [...Array(512).keys()].filter((x) => !Number.isNaN(image.values[x]!));
    const reach = 256 * Math.cos(fov * Math.PI / 360);
    assertAlmostEquals(lit.length, 2 * reach, 8, `fov ${fov}`);
  }
});

Deno.test("transfer functions go through their points, and jump where two are of one value", () => {
  const colour = [0, 0, 0] as const;
  const table = transferTable([
    { value: 0.2, colour, opacity: 0.1 },
    { value: 0.4, colour: [1, 0, 0], opacity: 0.3 },
    { value: 0.4, colour: [0, 1, 0], opacity: 0.9 },
    { value: 0.6, colour: [0, 0, 1], opacity: 0.5 },
  ]);
  const entry = (i: number) => [...table.subarray(4 * i, 4 * i + 4)].map((x) => +x.toFixed(3));
  assertEquals(entry(0), [0, 0, 0, 0.1]);
  assertEquals(entry(51), [0, 0, 0, 0.1]);
  assertEquals(entry(102), [0, 1, 0, 0.9]);
  assertEquals(entry(153), [0, 0, 1, 0.5]);
  assertEquals(entry(255), [0, 0, 1, 0.5]);
  for (const [name, points] of Object.entries(transfers)) {
    const table = transferTable(points);
    assert(table.every((x) => x >= 0 && x <= 1), name);
    assert(table.some((x, i) => i % 4 === 3 && x === 0), name);
  }
  assertThrows(() => transferTable([]), RangeError, "at least one");
  assertThrows(() => transferTable([{ value: 0, colour, opacity: NaN }]), RangeError, "point 0");
  const down = [0.5, 0.4].map((value) => ({ value, colour, opacity: 1 }));
  assertThrows(() => transferTable(down), RangeError, "point 1");
});

Deno.test("samples have colours times opacity, for a step; hues go round", () => {
  const samples = samplesOf(flat(0.36), 0.5);
  assertEquals([...samples.subarray(0, 4)].map((x) => +x.toFixed(6)), [0.2, 0.1, 0, 0.2]);
  const hues = hueTable();
  const hue = (i: number) => [...hues.subarray(4 * i, 4 * i + 3)].map((x) => Math.round(x * 10));
  assertEquals([hue(0), hue(43), hue(85), hue(128), hue(171), hue(213)], [
    ...[[10, 0, 0], [10, 10, 0], [0, 10, 0], [0, 10, 10], [0, 0, 10], [10, 0, 10]],
  ]);
});
