import { dissolve, pairMemory } from "../analysis/pair.ts";
import type { TruncatedSvd } from "../analysis/truncated_svd.ts";
import { elementCount } from "../formats/format.ts";
import type { Job } from "./job.ts";
import type { LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";

/**
 * The largest singular values and vectors of a layer's view [first axis, all others], by one worker, which another
 * helps if it is free; null of fewer than two axes, of no elements, and of those that are not all finite.
 */
export async function singularOf(
  layers: Layers,
  entry: LayerEntry,
  count: number,
  signal?: AbortSignal,
): Promise<TruncatedSvd | null> {
  const { id: context, plane: { tensor: { shape } } } = entry, elements = elementCount(shape);
  if (shape.length < 2 || elements === 0) return null;
  const pair = pairMemory(shape[0]!, elements / shape[0]!);
  const job: Job = { kind: "svd", context, pair, count };
  const svd = layers.run<TruncatedSvd | null>(entry, job, signal, "long");
  const help: Job = { kind: "help", context, pair };
  // A helper that fails is no help: the other does its part too, and fails by itself if it must.
  const helped = layers.workers < 2
    ? null
    : layers.run(entry, help, signal, "long").catch(() => {}).finally(() => dissolve(pair));
  try {
    return await svd;
  } finally {
    dissolve(pair);
    await helped;
  }
}
