// Plays a GPU's worker whose device takes one volume only, a slow one: it answers with a red image; and no matrix.
import { serveJobs } from "../../../src/compute/jobs.ts";
import type { GpuJob } from "../../../src/tile/gpu_job.ts";

const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
let first: string | undefined;

serveJobs<GpuJob>({
  share() {},
  forget() {},
  async work(job) {
    if (job.kind === "open") return { value: { name: "stub", software: false } };
    if (job.kind !== "march") throw new RangeError(`${job.kind}: this GPU takes no matrices`);
    first ??= job.key;
    if (job.key !== first) throw new RangeError("raymarch: this GPU takes 7 voxels a side, got 8");
    await wait(20);
    const { width, height } = job.view.viewport;
    const rgba = new Uint8Array(width * height * 4);
    for (let i = 0; i < rgba.length; i += 4) rgba.set([255, 0, 0, 255], i);
    return { value: { width, height, rgba, values: new Float32Array(width * height).fill(1) } };
  },
});
