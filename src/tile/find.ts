import { KEY_BINS } from "../analysis/measure.ts";
import type { Scale } from "../analysis/scale.ts";
import { axesOf } from "../field/plane.ts";
import { allocate, type Pyramid } from "../field/pyramid.ts";
import { slabOf, stepsOf } from "../field/slab.ts";
import { CHUNK } from "./channels.ts";
import type { Job } from "./job.ts";
import { inLanes } from "./lanes.ts";
import type { LayerEntry } from "./layer_entry.ts";
import { Lent } from "./lent.ts";
import type { Survey } from "./survey.ts";

// What all of a layer tells, found by all workers part by part.

/** Cells in one part: milliseconds of work, so that tiles get their turn between parts. */
const PART = 1 << 23;
/** The same of a layer whose bytes have to be fetched, and how many such parts are held at once. */
const FETCHED_PART = 1 << 21;
const FETCHED_AT_ONCE = 6;

/** A worker's answer to a job on the layer. */
export type Run = <Value>(job: Job) => Promise<Value>;

/** Does something for each part of a layer, `extent` of which can be told apart. */
async function inParts(
  { fetch, plane }: LayerEntry,
  extent: number,
  work: (from: number, to: number) => Promise<void>,
): Promise<void> {
  const parts = partsOf({ fetch, plane }, extent);
  await inLanes(fetch ? FETCHED_AT_ONCE : parts, parts, async (i) => {
    await work(Math.floor(extent * i / parts), Math.floor(extent * (i + 1) / parts));
  });
}

const partsOf = ({ fetch, plane }: Pick<LayerEntry, "fetch" | "plane">, extent: number): number =>
  Math.min(extent, Math.max(1, Math.ceil(plane.cells / (fetch ? FETCHED_PART : PART))));

/** A layer's scale and its pyramid, from one pass over its cells. */
export async function findScale(
  run: Run,
  entry: LayerEntry,
): Promise<{ scale: Scale; pyramid: Pyramid }> {
  const { id: context, plane } = entry, pyramid = allocate(plane), { levels } = pyramid;
  const slab = slabOf(pyramid), extent = stepsOf(plane, slab);
  if (partsOf(entry, extent) === 1) {
    return { scale: await run<Scale>({ kind: "measure", context, slab, levels }), pyramid };
  }
  const bins = new Uint32Array(KEY_BINS), memory = new Lent();
  await inParts(entry, extent, async (from, to) => {
    const counted = new Uint32Array(memory.take(KEY_BINS * 4), 0, KEY_BINS);
    await run({ kind: "sweep", context, from, to, slab, bins: counted });
    for (let bin = 0; bin < bins.length; bin++) bins[bin]! += counted[bin]!;
    memory.give(counted.buffer);
  });
  return { scale: await run<Scale>({ kind: "settle", context, bins, levels }), pyramid };
}

/** Norms of the slices of a layer along its output axis. */
export async function findNorms(run: Run, entry: LayerEntry): Promise<Float32Array> {
  const { id: context, plane: { cells, tensor } } = entry;
  const squares = new Float64Array(tensor.shape[axesOf(tensor)[0]!]!);
  await inParts(entry, Math.ceil(cells / CHUNK), async (first, end) => {
    const [from, to] = [first * CHUNK, Math.min(cells, end * CHUNK)];
    const found = await run<Float64Array>({ kind: "squares", context, from, to });
    for (let channel = 0; channel < squares.length; channel++) {
      squares[channel]! += found[channel]!;
    }
  });
  return Float32Array.from(squares, Math.sqrt);
}

/** A scale that is estimated: from lines of cells, which tell more, or from runs of the file. */
export async function estimateScale(
  run: Run,
  { id: context, estimate }: LayerEntry,
): Promise<Scale> {
  if (estimate?.kind !== "lines") {
    return await run<Scale>({ kind: "sample", context, runs: estimate?.sample.runs ?? [] });
  }
  estimate.survey = await run<Survey>({ kind: "survey", context, log2: estimate.log2 });
  return estimate.survey.scale;
}
