import { assert, assertEquals, assertRejects } from "@std/assert";
import { GpuLost, openGpu } from "../../../src/compute/gpu/device.ts";
import { compile } from "../../../src/compute/gpu/pipeline.ts";
import { gpuRays } from "../../../src/compute/gpu/raymarch.ts";
import { painter } from "../../../src/compute/gpu/present.ts";
import { contents, readable } from "../../../src/compute/gpu/buffers.ts";
import { occupancyOf } from "../../../src/compute/wasm/occupancy.ts";
import { conformRays } from "./conformance.ts";
import { even, viewOf, waves } from "./samples.ts";

const gpu = await openGpu();
if (!gpu) Deno.test.ignore("gpu rays are the reference's (no adapter here)", () => {});
else {
  // Positions are float32's: rays that graze an edge may miss it.
  conformRays("gpu", await gpuRays(gpu, occupancyOf), {
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
    // Work that fails before it first waits leaves no scope behind.
    const fail = () => {
      throw new RangeError("at once");
    };
    await assertRejects(() => gpu.scoped("nothing", fail), RangeError, "at once");
    await assertRejects(() => gpu.device.popErrorScope(), DOMException);
    const scene = await (await gpuRays(gpu, occupancyOf))(even([4, 4, 4], 200));
    assertEquals((await scene.render(viewOf())).width, 64);
    scene.free();
  });

  Deno.test("gpu: a lost device is said to be, and a new one does it again", async () => {
    const other = (await openGpu())!;
    const scene = await (await gpuRays(other, occupancyOf))(waves([9, 9, 9]));
    await scene.render(viewOf());
    other.destroy();
    await assertRejects(() => scene.render(viewOf()), GpuLost, "given up");
    const again = (await openGpu())!;
    const next = await (await gpuRays(again, occupancyOf))(waves([9, 9, 9]));
    assertEquals((await next.render(viewOf())).height, 64);
    next.free();
    again.destroy();
  });

  Deno.test("gpu: a thousand small images take no more memory than a few", async () => {
    const scene = await (await gpuRays(gpu, occupancyOf))(waves([16, 16, 16]));
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

  Deno.test("gpu: a picture is painted onto a texture, colours times opacity", async () => {
    const { device } = gpu;
    const scene = await (await gpuRays(gpu, occupancyOf))(waves([20, 18, 22]));
    // Rows of a copy are multiples of 256 bytes.
    const viewport = { size: 96, x: 20, y: 11, width: 64, height: 40 };
    const view = viewOf({ viewport, shading: true, camera: { yaw: 30, pitch: 20, fov: 40 } });
    const { rgba } = await scene.render(view);
    for (const format of ["rgba8unorm", "bgra8unorm"] as const) {
      const usage = GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC;
      const texture = device.createTexture({ size: [64, 40], format, usage });
      await scene.present(view, (await painter(gpu, format))(texture));
      const copy = readable(device, "copy", 64 * 40 * 4);
      const encoder = device.createCommandEncoder();
      encoder.copyTextureToBuffer({ texture }, { buffer: copy, bytesPerRow: 256 }, [64, 40]);
      device.queue.submit([encoder.finish()]);
      const painted = new Uint8Array(await contents(copy));
      let opacities = 0;
      for (let i = 0; i < rgba.length; i++) {
        const alpha = rgba[i | 3]!, channel = i & 3;
        const from = format === "bgra8unorm" && channel < 3 ? (i & ~3) + 2 - channel : i;
        const expected = channel === 3 ? alpha : rgba[i]! * alpha / 255;
        assert(Math.abs(painted[from]! - expected) <= 1, `${format}: byte ${i}`);
        if (channel === 3 && alpha > 0 && alpha < 255) opacities++;
      }
      assert(opacities > 100, `${opacities} pixels are half transparent`);
      texture.destroy();
      copy.destroy();
    }
    scene.free();
  });

  Deno.test("gpu: what was given up says so", async () => {
    gpu.destroy();
    await assertRejects(() => gpu.scoped("nothing", () => Promise.resolve()), GpuLost, "given up");
  });
}
