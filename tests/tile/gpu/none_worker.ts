// Plays a GPU's worker where there is no adapter.
import { serveJobs } from "../../../src/compute/jobs.ts";
import type { GpuJob } from "../../../src/tile/gpu_job.ts";

serveJobs<GpuJob>({ share() {}, forget() {}, work: () => ({ value: null }) });
