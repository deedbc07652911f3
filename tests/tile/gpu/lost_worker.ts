// Plays a GPU's worker whose device opens, and is lost when it is to draw.
import { serveJobs } from "../../../src/compute/jobs.ts";
import type { GpuJob } from "../../../src/tile/gpu_job.ts";

serveJobs<GpuJob>({
  share() {},
  forget() {},
  work(job) {
    if (job.kind === "open") return { value: { name: "stub", software: false } };
    const error = new Error("the device stub is lost");
    error.name = "GpuLost";
    throw error;
  },
});
