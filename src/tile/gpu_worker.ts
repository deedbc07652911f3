import { openGpu } from "../compute/gpu/device.ts";
import { type Done, serveJobs } from "../compute/jobs.ts";
import type { GpuJob } from "./gpu_job.ts";
import { GpuScenes } from "./gpu_scenes.ts";

const scenes = new GpuScenes(openGpu);
let last: Promise<unknown> = Promise.resolve();

serveJobs<GpuJob>({
  share() {},
  forget() {},
  work(job, cancelled) {
    // One after the other: the pool hands over the next while one is under way.
    const done = last.then(() => {
      cancelled();
      return work(job);
    });
    last = done.catch(() => {}); // which is answered
    return done;
  },
});

async function work(job: GpuJob): Promise<Done> {
  if (job.kind === "open") return { value: await scenes.adapter() };
  const value = await scenes.render(job.key, job.volume, job.view);
  // Colours and numbers are parts of one buffer.
  return { value, transfer: [value.rgba.buffer as ArrayBuffer] };
}
