import { openGpu } from "../compute/gpu/device.ts";
import { type Done, serveJobs } from "../compute/jobs.ts";
import { GpuAlgebra } from "./gpu_algebra.ts";
import type { GpuJob } from "./gpu_job.ts";
import { GpuScenes } from "./gpu_scenes.ts";
import { GpuTurns } from "./gpu_turns.ts";

const turns = new GpuTurns(openGpu);
const scenes = new GpuScenes(turns), algebra = new GpuAlgebra(turns);

serveJobs<GpuJob>({
  share() {},
  forget() {},
  async work(job, cancelled): Promise<Done> {
    switch (job.kind) {
      case "open":
        return { value: await scenes.adapter() };
      case "march": {
        const value = await scenes.render(job.key, job.volume, job.view, cancelled);
        // Colours and numbers are parts of one buffer.
        return { value, transfer: [value.rgba.buffer as ArrayBuffer] };
      }
      case "svd":
        return { value: await algebra.svd(job.matrix, job.count, cancelled) };
      case "powers":
        job.matrix.set(await algebra.powers(job.matrix, job.n, job.times, cancelled));
        return { value: null };
    }
  },
});
