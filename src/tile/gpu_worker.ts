import { openGpu } from "../compute/gpu/device.ts";
import { type Done, serveJobs } from "../compute/jobs.ts";
import type { GpuJob } from "./gpu_job.ts";
import { GpuScenes } from "./gpu_scenes.ts";

const scenes = new GpuScenes(openGpu);

serveJobs<GpuJob>({
  share() {},
  forget() {},
  async work(job, cancelled): Promise<Done> {
    if (job.kind === "open") return { value: await scenes.adapter() };
    const value = await scenes.render(job.key, job.volume, job.view, cancelled);
    // Colours and numbers are parts of one buffer.
    return { value, transfer: [value.rgba.buffer as ArrayBuffer] };
  },
});
