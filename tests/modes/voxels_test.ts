import { assertEquals } from "@std/assert";
import { foldVolume, stackVolume } from "../../src/field/volume.ts";
import type { Facts } from "../../src/modes/mode.ts";
import { voxels } from "../../src/modes/voxels.ts";
import { tensorOf } from "../field/planes.ts";

const volumeOf = (shape: number[]) => foldVolume(tensorOf(shape, () => 0).tensor);
const factsOf = (...norms: number[]) => [{
  channels: { norms: Float32Array.from(norms), dominant: null },
  scale: { count: 4, mean: 1, variance: 0 },
} as unknown as Facts];
const directed = { colour: "direction" };

Deno.test("a slice weighs as the channel in its middle does, by the largest", () => {
  const volume = volumeOf([5, 16]), facts = factsOf(1, 2, 3, 4, 10);
  const weights = (deep: number) => [...voxels.weights(directed, facts, volume, deep)!];
  assertEquals(weights(0), [26, 51, 77, 102, 255]);
  assertEquals(weights(1), [51, 102, 255]);
  assertEquals(weights(2), [77, 255]);
});

Deno.test("slices weigh alike where there are no channels, or none through the volume", () => {
  const facts = factsOf(1, 2, 3, 4, 10);
  assertEquals([...voxels.weights(directed, factsOf(0, 0), volumeOf([2, 9]), 0)!], [255, 255]);
  const across = foldVolume(tensorOf([5, 3], () => 0).tensor, { x: [0], y: [], z: [1] });
  assertEquals([...voxels.weights(directed, facts, across, 0)!], [255, 255, 255]);
  assertEquals(voxels.weights({ colour: "value" }, facts, volumeOf([5, 16]), 0), null);
});

Deno.test("a slice of a stack weighs as its tensor does, or as its channel where these run through", () => {
  const tensors = [0, 1, 2].map(() => tensorOf([2, 3], () => 0).tensor);
  const facts = [
    { ...factsOf(3, 4)[0]!, scale: { count: 2, mean: 0, variance: 2 } }, // a norm of 2
    { ...factsOf(1, 1)[0]!, scale: { count: 0, mean: NaN, variance: NaN } },
    { ...factsOf(0, 8)[0]!, scale: { count: 4, mean: 2, variance: 0 } },
  ] as unknown as Facts[];
  const flat = stackVolume(tensors);
  assertEquals([...voxels.weights(directed, facts, flat, 0)!], [128, 0, 255]);
  assertEquals([...voxels.weights(directed, facts, flat, 1)!], [0, 255]);
  assertEquals(voxels.needsChannels(directed, flat), "none");
  const deep = stackVolume(tensors, { x: [1], y: [], z: [0] });
  assertEquals([...voxels.weights(directed, facts, deep, 0)!], [96, 128, 32, 32, 0, 255]);
  assertEquals(voxels.needsChannels(directed, deep), "norms");
  assertEquals(voxels.needsChannels({ colour: "value" }, deep), "none");
});

Deno.test("an image is made of no more voxels than it has pixels a side, nor than fit", () => {
  const long = volumeOf([32000, 768]); // 32 × 24 × 32000
  assertEquals(voxels.levelAt({}, long, 0), [0, 0, 7]);
  assertEquals(voxels.levelAt({}, long, 3), [0, 0, 4]);
  // Rays march through 2048 voxels a side at most.
  assertEquals(voxels.levelAt({}, long, 7), [0, 0, 4]);
  // 216 million cells are too many bytes, four times as many even more so.
  const cube = { ...long, width: 600, height: 600, depth: 600 };
  assertEquals(voxels.levelAt({}, cube, 2), [2, 1, 1]);
  assertEquals(voxels.levelAt(directed, cube, 2), [2, 2, 2]);
});
