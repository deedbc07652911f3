import { openGpu } from "../src/compute/gpu/device.ts";
import { gpuRays } from "../src/compute/gpu/raymarch.ts";
import { occupancyOf } from "../src/compute/wasm/occupancy.ts";
import type { RayVolume } from "../src/compute/ray/ops.ts";
import { benchView } from "./raymarch_volume.ts";

/** Frames a second of the GPU adapter, reading back included; says so where it is a CPU's. */
export async function benchGpu(volume: RayVolume, frames: number): Promise<void> {
  const gpu = await openGpu();
  if (!gpu) {
    console.log("GPU: no adapter");
    return;
  }
  const scene = await (await gpuRays(gpu, occupancyOf))(volume);
  const speeds: number[] = [];
  for (let frame = -2; frame < frames; frame++) {
    const began = performance.now();
    await scene.render(benchView(frame));
    if (frame >= 0) speeds.push(1000 / (performance.now() - began));
  }
  scene.free();
  gpu.destroy();
  speeds.sort((a, b) => a - b);
  const [median, best] = [speeds[speeds.length >> 1]!, speeds.at(-1)!];
  console.log(
    `${gpu.name}${gpu.software ? " (software: all CPUs)" : ""}: ` +
      `median ${median.toFixed(2)}, best ${best.toFixed(2)} frames/s`,
  );
}
