import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Gpu, GpuLost, openGpu } from "../../../src/compute/gpu/device.ts";
import { rayModes } from "../../../src/compute/ray/ops.ts";
import { GpuScenes } from "../../../src/tile/gpu_scenes.ts";
import { GpuTurns } from "../../../src/tile/gpu_turns.ts";
import { countWork } from "../../compute/gpu/buffers.ts";
import { viewOf, waves } from "../../compute/ray/samples.ts";
import { psnr, volumeAt, withVolumes } from "./volume.ts";

const gpu = await openGpu();
gpu?.destroy();
const test = (name: string, work: () => Promise<void>) =>
  gpu ? Deno.test(name, work) : Deno.test.ignore(`${name} (no adapter here)`, work);

test("tiles by the GPU's worker are those by WASM, to 40 dB", () =>
  withVolumes({ backend: "gpu" }, (own) =>
    withVolumes({}, async (other) => {
      for (const render of rayModes) {
        for (const [x, y] of [[0, 0], [1, 0], [1, 1]] as const) {
          const at = volumeAt("a", `render=${render}&fov=20&yaw=${20 + x}`, [1, x, y]);
          const [a, b] = await Promise.all([own, other].map((engine) => engine.ticket(at).tile()));
          assertEquals(
            [a!, b!].map(({ headers }) => headers["Synaptile-Backend"]),
            ["gpu", "wasm"],
          );
          assert(a!.etag !== b!.etag);
          assert(a!.timings.draw > 0);
          const decibels = await psnr(a!, b!);
          assert(decibels >= 40, `${render} ${x}, ${y}: ${decibels.toFixed(1)} dB`);
        }
      }
      const wide = { ...volumeAt("b"), density: 2 as const, format: "npy" as const };
      const [a, b] = await Promise.all([own, other].map((engine) => engine.ticket(wide).tile()));
      assertEquals(a!.bytes.length, b!.bytes.length);
    })));

test("a CPU that plays a GPU is not chosen, a GPU is", () =>
  withVolumes({ backend: "auto" }, async (engine, told) => {
    const first = await engine.ticket(volumeAt()).tile();
    assertEquals(first.headers["Synaptile-Backend"], "wasm");
    assertEquals(await engine.backend(), gpu!.software ? "wasm" : "gpu");
    assertEquals(told, []);
  }));

test("a lost device is opened again, and volumes are drawn as before", async () => {
  const opened: Gpu[] = [];
  const turns = new GpuTurns(async () => {
    const gpu = await openGpu();
    if (gpu) opened.push(gpu);
    return gpu;
  });
  const scenes = new GpuScenes(turns);
  const volume = waves([20, 16, 12]);
  const before = await scenes.render("v", volume, viewOf());
  assertEquals(await scenes.render("v", volume, viewOf()), before);
  assertEquals(opened.length, 1);
  opened[0]!.device.destroy();
  assertEquals(await scenes.render("v", volume, viewOf()), before);
  assertEquals([opened.length, scenes.bytes], [2, volume.data.length]);
  // Lost while it draws.
  const drawing = scenes.render("v", volume, viewOf());
  opened[1]!.destroy();
  assertEquals(await drawing, before);
  assertEquals(opened.length, 3);
  scenes.close();
  turns.close();
  assertEquals(scenes.bytes, 0);
});

test("a device that cannot be had again is lost", async () => {
  const opened: Gpu[] = [];
  const turns = new GpuTurns(async () => {
    if (opened.length === 1) return null;
    opened.push((await openGpu())!);
    return opened[0]!;
  });
  const scenes = new GpuScenes(turns);
  const volume = waves([9, 9, 9]);
  await scenes.render("v", volume, viewOf());
  opened[0]!.destroy();
  await assertRejects(() => scenes.render("v", volume, viewOf()), GpuLost, "no WebGPU adapter");
  assertEquals([await scenes.adapter(), scenes.bytes], [null, 0]);
});

test("volumes leave the device when others need the room, and come back", async () => {
  const volumes = [1, 2, 3].map((seed) => waves([8, 8, 8], 1, seed));
  let there = 0;
  const turns = new GpuTurns(async () => {
    const gpu = (await openGpu())!;
    const create = gpu.device.createTexture.bind(gpu.device);
    gpu.device.createTexture = (descriptor) => {
      const texture = create(descriptor), destroy = texture.destroy.bind(texture);
      there++;
      texture.destroy = () => {
        there--;
        destroy();
      };
      return texture;
    };
    return gpu;
  });
  const scenes = new GpuScenes(turns, 1100);
  const draw = (i: number) => scenes.render(`v${i}`, volumes[i]!, viewOf());
  const first = await Promise.resolve(draw(0));
  assertEquals(scenes.bytes, 512);
  await draw(1);
  assertEquals(scenes.bytes, 1024);
  await draw(0);
  await draw(2); // for which the second leaves
  assertEquals([scenes.bytes, there], [1024, 2]);
  assertEquals(await draw(0), first);
  await draw(1);
  assertEquals(await draw(0), first);
  const large = waves([16, 16, 16]);
  await scenes.render("large", large, viewOf());
  // Alone, though it is more than the limit.
  assertEquals([scenes.bytes, there], [large.data.length, 1]);
  await draw(0);
  assertEquals(scenes.bytes, 512);
  const bad = { ...volumes[0]!, size: [8, 8, 9] as const };
  await assertRejects(() => scenes.render("bad", bad, viewOf()), RangeError, "576");
  assertEquals([scenes.bytes, there], [512, 1]);
  scenes.close();
  turns.close();
  assertEquals(there, 0);
});

test("images are drawn one at a time, on one device, and their buffers are given back", async () => {
  const { counted, open } = countWork(), turns = new GpuTurns(open);
  const scenes = new GpuScenes(turns, 600);
  // Of which only one fits: each drives out the one before.
  const volumes = [1, 2, 3].map((seed) => waves([8, 8, 8], 1, seed));
  const bad = { ...volumes[0]!, size: [8, 8, 9] as const };
  const stop = () => {
    throw new DOMException("nobody waits", "AbortError");
  };
  const draw = (i: number) => scenes.render(`v${i % 3}`, volumes[i % 3]!, viewOf());
  const [first, , images, wrong, gone] = await Promise.all([
    scenes.adapter(),
    scenes.adapter(),
    Promise.all([0, 1, 2, 0, 1, 2, 0].map(draw)),
    scenes.render("bad", bad, viewOf()).catch(({ name }: Error) => name),
    scenes.render("v0", volumes[0]!, viewOf(), stop).catch(({ name }: Error) => name),
  ]);
  assertEquals([first?.name !== "", wrong, gone], [true, "RangeError", "AbortError"]);
  assertEquals([counted.opened, counted.most], [1, 1]);
  for (const [i, image] of images.entries()) assertEquals(image, images[i % 3]);
  // What is on the device: the occupancy of the one volume that fits.
  assertEquals([scenes.bytes, counted.buffers.live], [512, 1]);
  scenes.close();
  turns.close();
  assertEquals(counted.buffers.live, 0);
});

test("memory stays flat over some hundred tiles of ever new volumes", () =>
  withVolumes({ backend: "gpu", cacheBytes: 0 }, async (engine) => {
    const some = async (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        const at = volumeAt("a", `range=-${1 + i / 1000},2`, [-3, 0, 0]);
        const tile = await engine.ticket({ ...at, crop: true }).tile();
        assertEquals(tile.headers["Synaptile-Backend"], "gpu");
      }
      return Deno.memoryUsage().rss;
    };
    await some(0, 100);
    const before = await some(100, 130), after = await some(130, 430);
    const grown = (after - before) / 2 ** 20;
    assert(grown < 32, `${grown.toFixed(1)} MiB more after 300 tiles`);
  }));
