import type { Notes } from "../analysis/derive/recipe.ts";
import { multiplicationsOf, repetitionsOf, singularSides } from "../analysis/derive/table.ts";
import { BadRequest } from "../errors.ts";
import { SingleFlight } from "../storage/flight.ts";
import { type Backend, Backends, GpuFailed } from "./backends.ts";
import { Outdated } from "./faults.ts";
import type { Job } from "./job.ts";
import { inLanes } from "./lanes.ts";
import type { Derived, DerivedPart, LayerEntry } from "./layer_entry.ts";
import { svdOnGpu } from "./singular.ts";

/** A worker's answer to a job on an entry. */
type RunOn = <Value>(entry: LayerEntry, job: Job, signal: AbortSignal) => Promise<Value>;

/** Parts that are made at once for each worker, so that none waits for its next. */
const LANES = 2;
/** Bytes of cells that were made, and are kept unless told otherwise. */
const KEPT = 512 << 20;
/** Bands a worker, of so many rows at least, in which all of a matrix is worked on: some take longer than others. */
const BANDS = 4, ROWS = 128;

/** Multiplications, in large matrices, on the way to all of them. */
const workOf = (parts: readonly DerivedPart[]): number =>
  parts.reduce(
    (sum, { from, recipe }) => sum + multiplicationsOf(recipe, from.plane.tensor.shape),
    0,
  );

/** What makes the cells that no file has, each once. */
export class Made {
  readonly #flight = new SingleFlight<void>();
  /** What fills memory: where it was given up, until workers have noticed. */
  readonly #filling = new WeakMap<SharedArrayBuffer, Promise<void>>();

  /** At most `limit` bytes of them are kept. */
  constructor(
    private readonly workers: number,
    private readonly limit = KEPT,
    private readonly backends = new Backends(),
  ) {}

  /**
   * What cells are, or will be, made with, together with those that they are made of: kernels agree closely, not to
   * the bit. Null where there is nothing that a GPU could do.
   */
  backendOf({ derived }: LayerEntry): Backend | null {
    if (!derived) return null;
    const own = derived.backend ?? this.#choice(derived);
    const all = [...derived.parts.map(({ from }) => this.backendOf(from)), own];
    return all.find((one) => one === "gpu") ?? all.find((one) => one !== null) ?? null;
  }

  #choice({ parts }: Derived): Backend | null {
    const work = workOf(parts);
    if (work === 0) return null;
    // What a GPU makes fills all of the memory.
    return parts.length === 1 && this.backends.isWorth(work) ? this.backends.current : "wasm";
  }

  /**
   * Sees to it that an entry's cells are there; `run` does a job of it on what they are made of. Throws `Outdated`
   * where the GPU did not come to them, which WASM makes the next time.
   */
  async see(
    { id, plane: { tensor: { shape } } }: LayerEntry,
    derived: Derived,
    run: RunOn,
    signal?: AbortSignal,
  ): Promise<void> {
    // Another entry of that id may be on its way, whose memory is not this one's.
    while (!derived.notes) {
      await this.#flight.run(id, async (signal) => {
        const before = this.#filling.get(derived.memory);
        const filling = this.#fill(shape, derived, run, signal, before);
        this.#filling.set(derived.memory, filling.catch(() => {})); // which is this flight's
        await filling;
      }, signal);
    }
  }

  /** Makes them once what was at it `before` is over, which may have come to its end. */
  async #fill(
    shape: readonly number[],
    derived: Derived,
    run: RunOn,
    signal: AbortSignal,
    before: Promise<void> | undefined,
  ): Promise<void> {
    const { parts, memory } = derived;
    await before;
    if (derived.notes) return;
    signal.throwIfAborted();
    derived.backend ??= this.#choice(derived);
    const notes: Notes[] = [];
    await inLanes(LANES * this.workers, parts.length, async (i) => {
      notes[i] = derived.backend === "gpu"
        ? await this.#byGpu(derived, parts[i]!, run, signal)
        : await this.#byWorkers(shape, memory, parts[i]!, run, signal);
    });
    derived.notes = notes;
    // Not before: where there are few cores, it would take one from the first picture.
    const isWorth = this.backends.isWorth(workOf(parts));
    if (isWorth) this.backends.ask().catch(() => {}); // told at the start
  }

  async #byWorkers(
    shape: readonly number[],
    memory: SharedArrayBuffer,
    { from, recipe, places }: DerivedPart,
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

  async #byGpu(
    derived: Derived,
    { from, recipe }: DerivedPart,
    run: RunOn,
    signal: AbortSignal,
  ): Promise<Notes> {
    const { id: context, plane: { tensor } } = from, { memory } = derived;
    const runHere = <Value>(job: Job, signal: AbortSignal) => run<Value>(from, job, signal);
    try {
      const sides = singularSides(recipe, tensor.shape);
      if (!sides) {
        const notes = await runHere<Notes>({ kind: "derive", context, recipe, memory }, signal);
        const matrix = new Float32Array(memory), n = Math.sqrt(matrix.length);
        await this.backends.powers(matrix, n, repetitionsOf(recipe), signal);
        return notes;
      }
      const { matrix, found } = await svdOnGpu(
        this.backends,
        runHere,
        context,
        recipe,
        sides,
        signal,
      );
      if ("notFinite" in found) throw new BadRequest(found.notFinite);
      const job: Job = { kind: "singular", context, recipe, sides, matrix, found, memory };
      return await runHere<Notes>(job, signal);
    } catch (error) {
      if (!(error instanceof GpuFailed)) throw error;
      derived.backend = "wasm";
      throw new Outdated(error.message, { cause: error });
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
