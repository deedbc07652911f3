import type { RayVolume } from "../src/compute/ray/ops.ts";
export async function benchGpu(_volume: RayVolume, _frames: number): Promise<void> {}
