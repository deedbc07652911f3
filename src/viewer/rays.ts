import { type Gpu, openGpu } from "../compute/gpu/device.ts";
import { painter } from "../compute/gpu/present.ts";
import { gpuRays, type GpuScene } from "../compute/gpu/raymarch.ts";
import type { RayView } from "../compute/ray/ops.ts";
import { body } from "./api.ts";
import { fetchVolume } from "./body.ts";
import type { Seen } from "./framing.ts";
import { Local, type Rays } from "./local.ts";
import { surveyed } from "./occupancy.ts";

/** Pictures of what is seen of volumes, drawn by the GPU that there is. */
export const drawnHere = (seen: () => Seen | null): Local =>
  new Local({
    open: openRays,
    info: body,
    fetch: fetchVolume,
    warn: (reason) => console.warn(`Moving volumes are drawn by the server: ${reason}`),
  }, seen);

/** Opens the GPU that there is. Throws what it has against that. */
async function openRays(): Promise<Rays> {
  if (!navigator.gpu) throw new Error("this browser has no WebGPU here");
  const gpu = await openGpu();
  if (!gpu) throw new Error("WebGPU finds no adapter");
  try {
    return await prepared(gpu);
  } catch (error) {
    gpu.destroy();
    throw error;
  }
}

async function prepared(gpu: Gpu): Promise<Rays> {
  const format = navigator.gpu.getPreferredCanvasFormat();
  const canvas = new OffscreenCanvas(1, 1);
  // TypeScript knows of no such context of these canvases yet.
  const context = canvas.getContext("webgpu" as "2d") as unknown as GPUCanvasContext | null;
  if (!context) throw new Error("no canvas can be drawn on by WebGPU");
  context.configure({ device: gpu.device, format, alphaMode: "premultiplied" });
  const onto = await painter(gpu, format);
  const make = await gpuRays(gpu, surveyed);

  const draw = async (scene: GpuScene, view: RayView) => {
    const { width, height } = view.viewport;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const began = performance.now();
    const drawn = scene.present(view, onto(context.getCurrentTexture()));
    const picture = canvas.transferToImageBitmap();
    try {
      await drawn;
    } catch (error) {
      picture.close();
      throw error;
    }
    return { picture, ms: performance.now() - began };
  };

  return {
    async make(volume) {
      const scene = await make(volume);
      return { draw: (view) => draw(scene, view), free: () => scene.free() };
    },
    close() {
      context.unconfigure();
      gpu.destroy();
    },
  };
}
