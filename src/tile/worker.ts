import { KEY_BINS } from "../analysis/measure.ts";
import { hasExactKeys } from "../analysis/scale.ts";
import { sketchOf } from "../analysis/sketch.ts";
import { type Done, serveJobs } from "../compute/jobs.ts";
import { wasm as ops } from "../compute/wasm.ts";
import { Changed } from "../errors.ts";
import { Canvas, windowOf } from "../field/canvas.ts";
import type { CellReader, SyncSource } from "../field/cells.ts";
import { keepOuter, keepSlab, recallSlab } from "../field/keep.ts";
import { openLevels } from "../field/levels.ts";
import { besideOf } from "../field/plane.ts";
import { stepsOf } from "../field/slab.ts";
import { Prefetched } from "../storage/prefetched.ts";
import type { SourceRef } from "../storage/source.ts";
import { dominantOf, squaresOf } from "./channels.ts";
import { drawChart } from "./charts.ts";
import { drawComposite, errorOf } from "./composite_tile.ts";
import { make } from "./derive.ts";
import { drawing, type Loaded } from "./drawings.ts";
import { copyOf, figures } from "./figures.ts";
import { Handles } from "./handles.ts";
import { inspect } from "./inspect.ts";
import type { Finished, Job, LayerContext } from "./job.ts";
import { readNumbers } from "./networks.ts";
import type { Missing } from "./remote.ts";
import { drawOverview } from "./overview.ts";
import { render, renderTogether, timed } from "./render.ts";
import { estimate } from "./sample.ts";
import { helpWithLayer, summarizeLayer, svdOfLayer } from "./summarize.ts";
import { workOnVolume } from "./solid.ts";
import { survey } from "./survey.ts";
import { settle, sketchStep, sweep } from "./sweep.ts";
import type { VolumeJob } from "./volume_job.ts";

const layers = new Map<string, LayerContext>();
const loaded = new Map<string, Loaded>();
// What came with the job in hand, of files that the main thread fetches.
const prefetched = new Prefetched();
const handles = new Handles(prefetched, (source) => {
  // Layers that read from it open it again when asked.
  for (const [id, layer] of loaded) if (sourcesOf(layer).includes(source)) loaded.delete(id);
});
serveJobs<Job>({
  share(id, context) {
    layers.set(id, context as LayerContext);
    loaded.delete(id);
  },
  forget(id) {
    const context = layers.get(id);
    layers.delete(id);
    loaded.delete(id);
    // It may be open though the layer was not loaded again since it was shared last.
    if (context) handles.letGo(refsOf(context), new Set(loaded.values().flatMap(sourcesOf)));
  },
  async work(job, cancelled) {
    prefetched.begin(job.supplies);
    const used = namesOf(job).map(load);
    const working = work(used, job, cancelled);
    // Every job has read what it needs before it first waits, but for these, which have their
    // worker to themselves: from then on another job may be in hand.
    if (job.kind === "summary" || job.kind === "svd" || job.kind === "help") {
      await working.catch(() => {}); // looked at below
    }
    const missing: Missing = { missing: prefetched.missing() };
    if (missing.missing.length > 0) {
      working.catch(() => {}); // whatever became of it came of zeros
      return { value: missing };
    }
    prefetched.begin(); // lets go of what came with the job
    const done = await working;
    // After the last read: whatever changed before or meanwhile is noticed, and nothing is answered from it.
    for (const source of new Set(used.flatMap(sourcesOf))) source.check();
    return done;
  },
});

/** The layers that a job works on. */
function namesOf(job: Job): readonly string[] {
  if (job.kind === "composite") return job.pieces.map(({ context }) => context);
  if (job.kind === "overview" || job.kind === "network") return [];
  return [job.context, ...job.contexts ?? []];
}

async function work(used: readonly Loaded[], job: Job, cancelled: () => void): Promise<Done> {
  switch (job.kind) {
    case "composite": {
      const value = await drawComposite(used, job, ops, cancelled);
      return { value, transfer: [value.bytes.buffer] };
    }
    case "overview": {
      const { overview, window, tints, format } = job;
      const draw = () => drawOverview(ops, overview, window, tints);
      const value = await timed(ops, { read: 0, decode: 0 }, format, draw);
      return { value, transfer: [value.bytes.buffer] };
    }
    case "network":
      return { value: readNumbers(job.plan, ({ source }) => handles.open(source), ops) };
    case "merge":
    case "slice":
    case "fill":
    case "march":
    case "rays":
    case "encode":
    case "voxel": {
      const names = namesOf(job), { clock } = used[0]!;
      const tensors = used.map(({ plane }) => plane.tensor);
      // Opening the last of many sources may have closed the first.
      const source = (tensor: number) => load(names[tensor]!).source;
      return await workOnVolume({ tensors, source, clock, cancelled }, job);
    }
    default:
      return await workOn(used[0]!, job, cancelled);
  }
}

async function workOn(
  layer: Loaded,
  job: Exclude<Job, VolumeJob | { kind: "composite" | "overview" | "network" }>,
  cancelled: () => void,
): Promise<Done> {
  const { plane, source, other, clock } = layer;
  const reader: CellReader = { plane, source, other, ops, clock, cancelled };
  switch (job.kind) {
    case "tile": {
      const levels = job.levels && openLevels(job.levels, reader);
      const canvas = new Canvas(reader, levels, windowOf(plane, job.place));
      const rendered = await render(canvas, drawing(layer, job), job.format);
      const error = levels?.squaredError && errorOf([{ levels, layer, pixels: 1 }]);
      const value = error === undefined ? rendered : { ...rendered, error };
      return { value, transfer: [value.bytes.buffer] };
    }
    case "tiles": {
      const value = await renderTogether(reader, job.tiles, drawing(layer, job));
      return { value, transfer: value.map(({ buffer }) => buffer) };
    }
    case "measure": {
      const bins = new Uint32Array(KEY_BINS);
      sweep(reader, job.slab, 0, stepsOf(plane, job.slab), bins);
      return { value: settle(reader, job.levels, bins) };
    }
    case "sweep":
      sweep(reader, job.slab, job.from, job.to, job.bins);
      return { value: null };
    case "settle":
      return { value: settle(reader, job.levels, job.bins) };
    case "finish": {
      const { stored, levels, log2, bins } = job;
      const scale = settle(reader, levels, bins);
      keepOuter(stored, levels);
      const own = log2 - stored.base - 2;
      const slots = own >= 0
        ? copyOf(levels[Math.min(own, levels.length - 1)]!)
        : figures(reader, openLevels({ kind: "stored", pyramid: stored }, reader), log2);
      const sketch = sketchOf(bins, sketchStep(plane) === 1, hasExactKeys(plane.tensor.dtype));
      const value: Finished = { scale, slots, sketch };
      return { value, transfer: [slots.count.buffer as ArrayBuffer] };
    }
    case "keep":
      keepSlab(ops, job.stored, job.slab, job.outer);
      return { value: null };
    case "recall":
      recallSlab(ops, job.stored, job.slab, job.outer);
      return { value: null };
    case "survey": {
      const value = survey(reader, job.log2);
      return { value, transfer: [value.means.buffer] };
    }
    case "figures": {
      const value = figures(reader, job.levels && openLevels(job.levels, reader), job.log2);
      return { value, transfer: [value.count.buffer as ArrayBuffer] };
    }
    case "derive":
    case "repeat":
    case "matrix":
    case "singular":
      return { value: await make(reader, job, ({ source }) => handles.open(source)) };
    case "squares": {
      const value = squaresOf(reader, job.from, job.to);
      return { value, transfer: [value.buffer] };
    }
    case "dominant":
      return { value: dominantOf(reader) };
    case "sample":
      return { value: estimate(reader, job.runs) };
    case "inspect":
      return { value: inspect(reader, job.levels && openLevels(job.levels, reader), job) };
    case "summary":
      return { value: await summarizeLayer(reader, job) };
    case "svd":
      return { value: await svdOfLayer(reader, job.pair, job.count) };
    case "chart":
      return await drawChart(job);
    case "help":
      await helpWithLayer(reader, job.pair);
      return { value: null };
  }
}

function load(id: string): Loaded {
  const known = loaded.get(id);
  if (known) return known;
  const context = layers.get(id);
  if (!context) {
    throw new Changed("the model changed while this waited; ask again", { retryAfter: 1 });
  }
  const beside = besideOf(context.plane);
  const source = handles.open(context.plane.tensor.source);
  const other = beside && handles.open(beside.tensor.source, source);
  const layer = { ...context, source, other, clock: { read: 0, decode: 0 }, drawings: new Map() };
  loaded.set(id, layer);
  return layer;
}

const refsOf = ({ plane }: LayerContext): SourceRef[] =>
  [plane, besideOf(plane)].flatMap((each) => each ? [each.tensor.source] : []);

const sourcesOf = ({ source, other }: Loaded): SyncSource[] => other ? [source, other] : [source];
