import type { Backends } from "./backends.ts";
import type { Rendered } from "./render.ts";
import type { Stack, StackWork } from "./stack.ts";
import type { VolumeJob } from "./volume_job.ts";

/** What is drawn along the rays of a tile. */
export type March = StackWork & Omit<VolumeJob<"march">, "context">;

/** Draws on the GPU, and has a worker make a file of it. Throws what `Backends.render` throws. */
export async function drawOnGpu(
  backends: Backends,
  parts: Stack,
  { key, volume, view, columns, rows, format }: March,
  signal: AbortSignal,
): Promise<Rendered> {
  const began = performance.now();
  const image = await backends.render(key, volume, view, signal);
  const draw = performance.now() - began;
  const work = { kind: "encode", image, columns, rows, format } as const;
  const rendered = await parts.run<Rendered>(work, signal);
  return { ...rendered, timings: { ...rendered.timings, draw } };
}
