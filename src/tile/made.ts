import type { Notes } from "../analysis/derive/recipe.ts";
import { repetitionsOf } from "../analysis/derive/table.ts";
import { SingleFlight } from "../storage/flight.ts";
import type { Job } from "./job.ts";
import { inLanes } from "./lanes.ts";
import type { Derived, DerivedPart, LayerEntry } from "./layer_entry.ts";

/** A worker's answer to a job on an entry. */
type RunOn = <Value>(entry: LayerEntry, job: Job, signal: AbortSignal) => Promise<Value>;

/** Parts that are made at once for each worker, so that none waits for its next. */
const LANES = 2;
/** Bytes of cells that were made, and are kept unless told otherwise. */
const KEPT = 512 << 20;
/** Bands a worker, of so many rows at least, in which all of a matrix is worked on: some take longer than others. */
const BANDS = 4, ROWS = 128;

/** What makes the cells that no file has, each once. */
export class Made {
  readonly #flight = new SingleFlight<void>();

  /** At most `limit` bytes of them are kept. */
  constructor(private readonly workers: number, private readonly limit = KEPT) {}

  /** Sees to it that an entry's cells are there; `run` does a job on what they are made of. */
  async see(
    { id, plane: { tensor: { shape } } }: LayerEntry,
    derived: Derived,
    run: RunOn,
    signal?: AbortSignal,
  ): Promise<void> {
    const { parts, memory } = derived;
    // Another entry of that id may be on its way, whose memory is not this one's.
    while (!derived.notes) {
      await this.#flight.run(id, async (signal) => {
        const notes: Notes[] = [];
        await inLanes(LANES * this.workers, parts.length, async (i) => {
          notes[i] = await this.#fill(parts[i]!, shape, memory, run, signal);
        });
        derived.notes = notes;
      }, signal);
    }
  }

  async #fill(
    { from, recipe, places }: DerivedPart,
    shape: readonly number[],
    memory: SharedArrayBuffer,
    run: RunOn,
    signal: AbortSignal,
  ): Promise<Notes> {
    const { id: context } = from, { workers } = this;
    const times = repetitionsOf(recipe), rows = shape[0] ?? 0;
    let [into, other] = [memory, memory];
    if (times > 0) other = new SharedArrayBuffer(memory.byteLength);
    // So that the last time ends where it is wanted.
    if (times % 2 === 1) [into, other] = [other, into];
    const job: Job = { kind: "derive", context, recipe, memory: into, ...(places && { places }) };
    const notes = await run<Notes>(from, job, signal);
    for (let time = 0; time < times; time++) {
      const bands = Math.max(workers, Math.min(BANDS * workers, Math.floor(rows / ROWS)));
      await inLanes(workers, bands, async (i) => {
        // The last rows first: of causal attention they take longest.
        const first = Math.floor(rows * (bands - 1 - i) / bands);
        const end = Math.floor(rows * (bands - i) / bands);
        const band = { recipe, shape, before: into, into: other, rows: { from: first, to: end } };
        await run(from, { kind: "repeat", context, ...band }, signal);
      });
      [into, other] = [other, into];
    }
    return notes;
  }

  /** Ids of entries to let go of where another one comes: those made longest ago that nobody reads. */
  surplus(entries: ReadonlyMap<string, LayerEntry>, { derived: coming }: LayerEntry): string[] {
    if (!coming) return [];
    let bytes = coming.memory.byteLength;
    return [...entries].reverse().flatMap(([id, { derived }]) => {
      if (!derived) return [];
      bytes += derived.memory.byteLength;
      return bytes > this.limit && derived.readers === 0 ? [id] : [];
    });
  }
}
