import { normOf } from "../analysis/scale.ts";
import { KEY_BINS } from "../analysis/measure.ts";
import { packKeys, unpackKeys } from "../analysis/sketch.ts";
import { CorruptChunk } from "../errors.ts";
import type { Rect } from "../field/cells.ts";
import { isKept, outerLevels, slabsOf } from "../field/keep.ts";
import type { Plane } from "../field/plane.ts";
import type { Level } from "../field/pyramid.ts";
import { allocateSlab, stepsOf } from "../field/slab.ts";
import type { ModelStore, StoredPyramid } from "../field/store.ts";
import type { Finished, Job } from "./job.ts";
import { inLanes } from "./lanes.ts";
import type { LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import type { Lent } from "./lent.ts";
import type { Found } from "./record.ts";

/** Cells in one job: milliseconds of work, so that tiles get their turn between jobs. */
const PART = 1 << 22;

/** A layer that is being read to its end, by who has the right to. */
export interface Reading {
  /** Its number in the store. */
  readonly number: number;
  readonly entry: LayerEntry;
  readonly layers: Layers;
  readonly store: ModelStore;
  /** log2 of the blocks that the map knows figures of. */
  readonly grid: number;
  readonly memory: Lent;
  readonly signal: AbortSignal;
  /** Resolves when work may go on. Throws the signal's reason. */
  turn(): Promise<void>;
  /** So many more cells are done, read just now or found in the store. */
  progress(cells: number, from: "file" | "store"): void;
}

/** Where a plane's pyramid is kept in a store; null where it is not worth keeping. */
export function storedOf(store: ModelStore, number: number, plane: Plane): StoredPyramid | null {
  const pyramid = store.layer(number);
  return isKept(plane, pyramid.base) ? pyramid : null;
}

/** Reads a layer and writes its pyramid, where that is kept; answers what was found. */
export async function readLayer(reading: Reading): Promise<Found> {
  const { number, entry: { plane }, store } = reading;
  const stored = storedOf(store, number, plane);
  const { scale, slots, sketch } = stored ? await keep(reading, stored) : await hold(reading);
  return { scale, slots, norm: normOf(scale), sketch };
}

type Measured = Omit<Found, "norm">;

async function hold({ entry, layers, grid, signal, turn, progress }: Reading): Promise<Measured> {
  await turn();
  await layers.ready(entry, { facts: true, channels: "none", pyramid: true }, signal);
  const { scale } = entry.facts!;
  const slots = await layers.figures(entry, grid, signal);
  progress(entry.plane.cells, "file");
  return { scale, slots, sketch: null };
}

async function keep(reading: Reading, stored: StoredPyramid): Promise<Measured> {
  const { entry: { plane, id: context }, grid: log2, memory } = reading;
  const levels = outerLevels(plane, stored.base, (bytes) => memory.take(bytes));
  const bins = takeBins(memory).fill(0);
  for (const [part, rect] of slabsOf(stored).entries()) {
    await slab(reading, part, rect, stored, levels, bins);
  }
  const job: Job = { kind: "finish", context, bins, levels, stored, log2 };
  const finished = await run<Finished>(reading, job);
  memory.give(bins.buffer, ...levels.map(({ buffer }) => buffer));
  reading.store.describe(reading.number);
  return finished;
}

/**
 * Measures a slab and writes it, or takes what was written before the process was killed. What it
 * counts is added to the layer's bins.
 */
async function slab(
  reading: Reading,
  part: number,
  rect: Rect,
  stored: StoredPyramid,
  outer: readonly Level[],
  sum: Uint32Array,
): Promise<void> {
  const { number, entry: { id: context, plane }, layers, store, memory, progress } = reading;
  const cells = cellsIn(plane, stored.base, rect);
  const known = store.readPart(number, part);
  if (known) {
    try {
      await run(reading, { kind: "recall", context, slab: rect, stored, outer });
      progress(cells, "store");
      add(sum, unpackKeys(known));
      return;
    } catch (error) {
      if (!(error instanceof CorruptChunk)) throw error; // else it is measured again
    }
  }
  const slab = allocateSlab(plane, stored.base, rect, (bytes) => memory.take(bytes));
  const steps = stepsOf(plane, slab);
  const parts = Math.min(steps, Math.max(1, Math.ceil(cells / PART)));
  const bins = takeBins(memory).fill(0);
  // No more at once than there are workers, so that a pause ends all of it soon.
  await inLanes(Math.min(parts, layers.workers), parts, async (i) => {
    const from = Math.floor(steps * i / parts), to = Math.floor(steps * (i + 1) / parts);
    const counted = takeBins(memory);
    await run(reading, { kind: "sweep", context, slab, from, to, bins: counted });
    add(bins, counted);
    memory.give(counted.buffer);
    progress(cells / parts, "file");
  });
  await run(reading, { kind: "keep", context, slab, stored, outer });
  // A layer of a single slab is done a moment later anyway.
  if (slabsOf(stored).length > 1) {
    store.writePart(number, part, packKeys(bins));
  }
  add(sum, bins);
  memory.give(slab.means.buffer, slab.stats.buffer, bins.buffer);
}

/** A worker's answer, once it is work's turn. */
async function run<Value>({ entry, layers, signal, turn }: Reading, job: Job): Promise<Value> {
  await turn();
  return await layers.run<Value>(entry, job, signal, "background");
}

/** Counts of order keys, undefined, in shared memory. */
const takeBins = (memory: Lent): Uint32Array<SharedArrayBuffer> =>
  new Uint32Array(memory.take(KEY_BINS * 4), 0, KEY_BINS);

function add(sum: Uint32Array, bins: Uint32Array): void {
  for (let bin = 0; bin < KEY_BINS; bin++) sum[bin]! += bins[bin]!;
}

/** Cells of a plane in a rectangle of its blocks of 2^(base + 1) cells a side. */
function cellsIn(plane: Plane, base: number, rect: Rect): number {
  const side = 2 ** (base + 1);
  const left = rect.x * side, right = Math.min(left + rect.width * side, plane.width);
  const top = rect.y * side, bottom = Math.min(top + rect.height * side, plane.height);
  const area = (right - left) * (bottom - top);
  if (bottom < plane.height) return area;
  // A folded vector may end before its last row does.
  const end = plane.cells - (plane.height - 1) * plane.width;
  return area - Math.max(0, right - Math.max(left, end));
}
