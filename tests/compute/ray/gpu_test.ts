import { assert, assertEquals, assertRejects } from "@std/assert";
import { GpuLost, openGpu } from "../../../src/compute/gpu/device.ts";
import { compile } from "../../../src/compute/gpu/pipeline.ts";
import { gpuRays } from "../../../src/compute/gpu/raymarch.ts";
import { conformRays } from "./conformance.ts";
import { even, viewOf, waves } from "./samples.ts";

const gpu = await openGpu();
if (!gpu) Deno.test.ignore("gpu rays are the reference's (no adapter here)", () => {});
else {
  // Positions are float32's: rays that graze an edge may miss it.
  conformRays("gpu", await gpuRays(gpu), {
    composite: { steps: 2, value: 0.003, strays: 0 },
    maximum: { steps: 1.1, value: 1e-4, strays: 0 },
    iso: { steps: 1.1, value: 0.05, strays: 0.002 },
    cubes: { steps: 1.1, value: 1e-3, strays: 0.0005 },
  }, 0.005);

  Deno.test("gpu: what is wrong with a shader is said with its line", async () => {
    const code = "@compute @workgroup_size(1)\nfn main() {\n  let a: u32 = 1.5;\n}\n";
    await assertRejects(() => compile(gpu, "main", code), Error, ":3:");
    await assertRejects(() => compile(gpu, "other", "@compute @workgroup_size(1)\nfn main() {}"));
  });

  Deno.test("gpu: commands that the device refuses are errors, and those after them go well", async () => {
    const work = () => {
      gpu.device.createBuffer({
        size: 16,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE,
      });
      return Promise.resolve();
    };
    await assertRejects(() => gpu.scoped("a buffer", work), Error, "a buffer on");
    const scene = await (await gpuRays(gpu))(even([4, 4, 4], 200));
    assertEquals((await scene.render(viewOf())).width, 64);
    scene.free();
  });

  Deno.test("gpu: a lost device is said to be, and a new one does it again", async () => {
    const other = (await openGpu())!;
    const scene = await (await gpuRays(other))(waves([9, 9, 9]));
    await scene.render(viewOf());
    other.destroy();
    await assertRejects(() => scene.render(viewOf()), GpuLost, "given up");
    const again = (await openGpu())!;
    const next = await (await gpuRays(again))(waves([9, 9, 9]));
    assertEquals((await next.render(viewOf())).height, 64);
    next.free();
    again.destroy();
  });

  Deno.test("gpu: a thousand small images take no more memory than a few", async () => {
    const scene = await (await gpuRays(gpu))(waves([16, 16, 16]));
    const some = async (times: number) => {
      for (let i = 0; i < times; i++) {
        await scene.render(viewOf({ camera: { yaw: i, pitch: 9, fov: 40 } }));
      }
      return Deno.memoryUsage().rss;
    };
    await some(150);
    const before = await some(50), after = await some(1000);
    scene.free();
    const grown = (after - before) / 2 ** 20;
    assert(grown < 24, `${grown.toFixed(1)} MiB more after 1,000 images`);
  });

  Deno.test("gpu: what was given up says so", async () => {
    gpu.destroy();
    await assertRejects(() => gpu.scoped("nothing", () => Promise.resolve()), GpuLost, "given up");
  });
}
