import type { Recipe, Sides } from "../analysis/derive/recipe.ts";
import { multiplicationsOf, singularSides } from "../analysis/derive/table.ts";
import { dissolve, pairMemory } from "../analysis/pair.ts";
import type { TruncatedSvd } from "../analysis/truncated_svd.ts";
import { elementCount } from "../formats/format.ts";
import { isWide } from "../field/wide.ts";
import { type Backends, GpuFailed } from "./backends.ts";
import type { NoSingularValues } from "./gpu_algebra.ts";
import type { Job } from "./job.ts";
import type { LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";

/** Numbers of a matrix that is held in memory on its way to a GPU, at most. */
const HELD = 2 ** 26;

/**
 * What a GPU finds of the matrix that a recipe asks for, and the matrix, which `run` fills. Throws `GpuFailed` where
 * WASM is to do it.
 */
export async function svdOnGpu(
  backends: Backends,
  run: <Value>(job: Job, signal: AbortSignal) => Promise<Value>,
  context: string,
  recipe: Recipe,
  sides: Sides,
  signal: AbortSignal,
): Promise<{ readonly matrix: Float32Array; readonly found: TruncatedSvd | NoSingularValues }> {
  const { rows, columns, count } = sides;
  if (rows * columns > HELD) {
    throw new GpuFailed(`${rows} × ${columns} numbers are not held for a GPU, ${HELD} are`);
  }
  const matrix = new Float32Array(new SharedArrayBuffer(4 * rows * columns));
  await run({ kind: "matrix", context, recipe, matrix }, signal);
  return { matrix, found: await backends.svd({ rows, columns, values: matrix }, count, signal) };
}

/**
 * The largest singular values and vectors of a layer's view [first axis, all others], by a GPU where that is worth it,
 * else by workers; null of fewer than two axes, of no elements, and of those that are not all finite.
 */
export async function singularOf(
  layers: Layers,
  entry: LayerEntry,
  count: number,
  signal: AbortSignal,
): Promise<TruncatedSvd | null> {
  const { id: context, plane: { tensor } } = entry, { shape } = tensor;
  if (shape.length < 2 || elementCount(shape) === 0) return null;
  const recipe = { kind: "svd", count } as const, sides = singularSides(recipe, shape)!;
  const { backends } = layers;
  // Workers read what float32 would round as it is.
  const isWorth = !isWide(tensor) && backends.isWorth(multiplicationsOf(recipe, shape));
  if (isWorth && backends.current === "gpu") {
    try {
      const run = <Value>(job: Job) => layers.run<Value>(entry, job, signal, "long");
      const { found } = await svdOnGpu(backends, run, context, recipe, sides, signal);
      return "notFinite" in found ? null : found;
    } catch (error) {
      if (!(error instanceof GpuFailed)) throw error;
    }
  }
  const found = await byWorkers(layers, entry, sides, signal);
  if (isWorth) backends.ask().catch(() => {}); // told at the start
  return found;
}

/** The same by one worker, which another helps if it is free. */
async function byWorkers(
  layers: Layers,
  entry: LayerEntry,
  { rows, columns, count }: Sides,
  signal: AbortSignal,
): Promise<TruncatedSvd | null> {
  const { id: context } = entry, pair = pairMemory(rows, columns);
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
