import type { Notes } from "../analysis/derive/recipe.ts";
import { SingleFlight } from "../storage/flight.ts";
import type { Job } from "./job.ts";
import type { Derived, LayerEntry } from "./layer_entry.ts";

/** Bytes of cells that were made, and are kept unless told otherwise. */
const KEPT = 512 << 20;

/** What makes the cells that no file has, each once. */
export class Made {
  readonly #flight = new SingleFlight<void>();

  /** At most `limit` bytes of them are kept. */
  constructor(private readonly limit = KEPT) {}

  /** Sees to it that an entry's cells are there; `run` does the job of it on what they are made of. */
  async see(
    id: string,
    derived: Derived,
    run: (from: LayerEntry, job: Job, signal: AbortSignal) => Promise<Notes>,
    signal?: AbortSignal,
  ): Promise<void> {
    if (derived.notes) return;
    const { from, recipe, memory } = derived;
    await this.#flight.run(id, async (signal) => {
      const job: Job = { kind: "derive", context: from.id, recipe, memory };
      derived.notes = await run(from, job, signal);
    }, signal);
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
