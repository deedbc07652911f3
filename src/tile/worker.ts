import { type Done, serveJobs } from "../compute/jobs.ts";
import { wasm as ops } from "../compute/wasm.ts";
import { Changed, Unreadable } from "../errors.ts";
import { Canvas } from "../field/canvas.ts";
import type { CellReader, SyncSource } from "../field/cells.ts";
import type { Picture } from "../modes/mode.ts";
import { parseOptions } from "../modes/options.ts";
import { modes } from "../modes/table.ts";
import { keptBytes } from "../storage/kept.ts";
import { openSource } from "../storage/open.ts";
import { Prefetched } from "../storage/prefetched.ts";
import type { SourceRef } from "../storage/source.ts";
import { fingerprint } from "../storage/version.ts";
import { inspect } from "./inspect.ts";
import type { Job, LayerContext } from "./job.ts";
import type { Missing } from "./remote.ts";
import { render } from "./render.ts";
import { estimate } from "./sample.ts";
import { summarizeLayer } from "./summarize.ts";
import { channels, settle, sweep } from "./sweep.ts";

interface Loaded extends LayerContext {
  readonly source: SyncSource;
  readonly clock: CellReader["clock"];
  /** Drawings that are ready for another tile, by mode and query. */
  readonly drawings: Map<string, (canvas: Canvas) => Picture>;
}

const layers = new Map<string, LayerContext>();
const loaded = new Map<string, Loaded>();
// Handles by path and version: a model's tensors mostly share one file.
const sources = new Map<string, SyncSource>();
// What came with the job in hand, of files that the main thread fetches.
const prefetched = new Prefetched();
const HANDLES = 64;
// Bytes of decoded members and chunks held, those of one source at least.
const DECODED = 128 << 20;
// Drawings kept ready a layer.
const DRAWINGS = 64;

serveJobs<Job>({
  share(id, context) {
    layers.set(id, context as LayerContext);
    loaded.delete(id);
  },
  forget(id) {
    layers.delete(id);
    const layer = loaded.get(id);
    loaded.delete(id);
    const inUse = loaded.values().some(({ source }) => source === layer?.source);
    if (layer && !inUse) close(layer.source);
  },
  async work(job, cancelled) {
    prefetched.begin(job.supplies);
    const layer = load(job.context);
    const working = work(layer, job, cancelled);
    // Every job has read what it needs before it first waits, but for summaries, which have their
    // worker to themselves: from then on another job may be in hand.
    if (job.kind === "summary") await working.catch(() => {}); // looked at below
    const missing: Missing = { missing: prefetched.missing() };
    if (missing.missing.length > 0) {
      working.catch(() => {}); // whatever became of it came of zeros
      return { value: missing };
    }
    prefetched.begin(); // lets go of what came with the job
    const done = await working;
    // After the last read: whatever changed before or meanwhile is noticed, and nothing is answered from it.
    layer.source.check();
    return done;
  },
});

async function work(layer: Loaded, job: Job, cancelled: () => void): Promise<Done> {
  const { plane, source, clock } = layer;
  const reader: CellReader = { plane, source, ops, clock, cancelled };
  switch (job.kind) {
    case "tile": {
      const canvas = new Canvas(reader, job.pyramid, job.place);
      const value = await render(canvas, drawing(layer, job.mode, job.query), job.format);
      return { value, transfer: [value.bytes.buffer] };
    }
    case "sweep": {
      const bins = sweep(reader, job.pyramid, job.from, job.to);
      return { value: bins, transfer: [bins.buffer] };
    }
    case "settle":
      return { value: settle(reader, job.pyramid, job.bins) };
    case "channels":
      return { value: channels(reader) };
    case "sample":
      return { value: estimate(reader, job.runs) };
    case "inspect":
      return { value: inspect(reader, job.pyramid, job) };
    case "summary":
      return { value: await summarizeLayer(reader) };
  }
}

function load(id: string): Loaded {
  const known = loaded.get(id);
  if (known) return known;
  const context = layers.get(id);
  if (!context) {
    throw new Changed("the model changed while this waited; ask again", { retryAfter: 1 });
  }
  const source = open(context.plane.tensor.source);
  const layer = { ...context, source, clock: { read: 0, decode: 0 }, drawings: new Map() };
  loaded.set(id, layer);
  return layer;
}

function drawing(layer: Loaded, modeName: string, query: string): (canvas: Canvas) => Picture {
  const key = `${modeName}?${query}`;
  const known = layer.drawings.get(key);
  if (known) return known;
  const mode = modes.find(({ name }) => name === modeName);
  if (!mode || !layer.facts) throw new Unreadable(`mode ${modeName} has nothing to draw from`);
  const options = parseOptions(mode, new URLSearchParams(query));
  const draw = mode.prepare(options, layer.facts, layer.plane);
  if (layer.drawings.size >= DRAWINGS) layer.drawings.clear();
  layer.drawings.set(key, draw);
  return draw;
}

function open(ref: SourceRef): SyncSource {
  const key = fingerprint(
    JSON.stringify(ref, (_, value) => value instanceof Uint8Array ? fingerprint(value) : value),
  );
  const known = sources.get(key);
  if (known) return known;
  const source = openSource(ref, (remote) => prefetched.open(remote));
  if (!source.readSync) throw new Unreadable(`${source.name} cannot be read without waiting`);
  let decoded = keptBytes(source.ref);
  for (const other of [...sources.values()].reverse()) {
    const bytes = keptBytes(other.ref);
    if (bytes > 0 && (decoded += bytes) > DECODED) close(other);
  }
  for (const other of sources.values()) {
    if (sources.size < HANDLES) break;
    close(other);
  }
  sources.set(key, source as SyncSource);
  return source as SyncSource;
}

/** Closes a handle, and lets go of the layers that read from it: they open it again when asked. */
function close(source: SyncSource): void {
  for (const [key, other] of sources) if (other === source) sources.delete(key);
  for (const [id, layer] of loaded) if (layer.source === source) loaded.delete(id);
  source.close();
}
