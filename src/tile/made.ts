import type { Notes } from "../analysis/derive/recipe.ts";
import { repetitionsOf } from "../analysis/derive/table.ts";
import { SingleFlight } from "../storage/flight.ts";
import type { Job } from "./job.ts";
import { inLanes } from "./lanes.ts";
import type { Derived, LayerEntry } from "./layer_entry.ts";

/** Bytes of cells that were made, and are kept unless told otherwise. */
const KEPT = 512 << 20;

/** What makes the cells that no file has, each once. */
export class Made {
  readonly #flight = new SingleFlight<void>();

  /** At most `limit` bytes of them are kept. */
  constructor(private readonly workers: number, private readonly limit = KEPT) {}

  /** Sees to it that an entry's cells are there; `run` does a job of it on what they are made of. */
  async see(
    { id, plane: { tensor: { shape } } }: LayerEntry,
    derived: Derived,
    run: <Value>(job: Job, signal: AbortSignal) => Promise<Value>,
    signal?: AbortSignal,
  ): Promise<void> {
    const { from: { id: context }, recipe, memory } = derived, { workers } = this;
    // Another entry of that id may be on its way, whose memory is not this one's.
    while (!derived.notes) {
      await this.#flight.run(id, async (signal) => {
        const times = repetitionsOf(recipe), rows = shape[0] ?? 0;
        let [into, other] = [memory, memory];
        if (times > 0) other = new SharedArrayBuffer(memory.byteLength);
        // So that the last time ends where it is wanted.
        if (times % 2 === 1) [into, other] = [other, into];
        const notes = await run<Notes>({ kind: "derive", context, recipe, memory: into }, signal);
        for (let time = 0; time < times; time++) {
          await inLanes(workers, workers, async (i) => {
            const from = Math.floor(rows * i / workers), to = Math.floor(rows * (i + 1) / workers);
            const part = { recipe, shape, before: into, into: other, rows: { from, to } };
            await run({ kind: "repeat", context, ...part }, signal);
          });
          [into, other] = [other, into];
        }
        derived.notes = notes;
      }, signal);
    }
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
