import type { RayImage } from "../compute/ray/ops.ts";
import type { Backends } from "./backends.ts";
import { inLanes } from "./lanes.ts";
import type { Rendered } from "./render.ts";
import type { Stack, StackWork } from "./stack.ts";
import type { VolumeJob } from "./volume_job.ts";

/** What is drawn along the rays of a tile. */
export type March = StackWork & Omit<VolumeJob<"march">, "context">;

/** Rows of an image that are worth a worker of their own. */
const BAND = 64;

/** Draws with as many workers as are `idle`, and as there are bands of rows worth one. */
export async function drawOnWasm(
  idle: number,
  parts: Stack,
  march: March,
  signal: AbortSignal,
): Promise<Rendered> {
  const { key, volume, view, columns, rows } = march;
  const bands = Math.min(idle, Math.floor(rows / BAND));
  if (bands < 2) return await parts.run<Rendered>(march, signal);
  const began = performance.now();
  const rgba = new Uint8Array(new SharedArrayBuffer(4 * columns * rows));
  const values = new Float32Array(new SharedArrayBuffer(4 * columns * rows));
  await inLanes(bands, bands, async (i) => {
    const from = Math.floor(rows * i / bands), to = Math.floor(rows * (i + 1) / bands);
    const viewport = { ...view.viewport, y: view.viewport.y + from, height: to - from };
    const band = {
      ...{ key, volume, view: { ...view, viewport } },
      rgba: rgba.subarray(4 * from * columns, 4 * to * columns),
      values: values.subarray(from * columns, to * columns),
    };
    await parts.run({ kind: "rays", ...band }, signal);
  });
  const image = { width: columns, height: rows, rgba, values };
  return await encode(parts, march, image, performance.now() - began, signal);
}

/** Draws on the GPU. Throws what `Backends.render` throws. */
export async function drawOnGpu(
  backends: Backends,
  parts: Stack,
  march: March,
  signal: AbortSignal,
): Promise<Rendered> {
  const { key, volume, view } = march;
  const began = performance.now();
  const image = await backends.render(key, volume, view, signal);
  return await encode(parts, march, image, performance.now() - began, signal);
}

/** The file of an image, which took `draw` milliseconds. */
async function encode(
  parts: Stack,
  { columns, rows, format }: March,
  image: RayImage,
  draw: number,
  signal: AbortSignal,
): Promise<Rendered> {
  const work = { kind: "encode", image, columns, rows, format } as const;
  const rendered = await parts.run<Rendered>(work, signal);
  return { ...rendered, timings: { ...rendered.timings, draw } };
}
