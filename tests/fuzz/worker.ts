/// <reference lib="webworker" />
import { largestAllocation, watchAllocations } from "./allocations.ts";
import { isTyped, open, stretches } from "./case.ts";
import { mutate } from "./mutate.ts";
import { type Seed, seeds } from "./seeds.ts";

/** What a run is to do; answered by a `Tried` for each mutation. */
export interface Order {
  readonly format: string;
  readonly from: number;
  readonly count: number;
  readonly shared: boolean;
}

/** What became of one mutation. */
export interface Tried {
  readonly seed: number;
  readonly file: string;
  readonly how: string;
  /** The error's name, or "read". */
  readonly outcome: string;
  /** Set where the error is none that speaks of the file. */
  readonly fault?: string;
  readonly ms: number;
  readonly allocated: number;
}

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  const all = seeds(data.shared).filter(({ format }) => format.about.title === data.format);
  const maps = await Promise.all(all.map(({ format, model }) => stretches(format, model)));
  watchAllocations();
  for (let seed = data.from; seed < data.from + data.count; seed++) {
    const which = seed % all.length;
    const { file, how, run } = prepare(all[which]!, maps[which]!, seed);
    self.postMessage({ begins: seed, file, how });
    largestAllocation();
    const began = performance.now();
    let outcome = "read";
    let fault: string | undefined;
    try {
      await run();
    } catch (error) {
      outcome = error instanceof Error ? error.name : String(error);
      if (!isTyped(error)) fault = error instanceof Error ? error.stack ?? error.message : outcome;
    }
    const ms = performance.now() - began;
    const tried: Tried = { seed, file, how, outcome, ms, allocated: largestAllocation() };
    self.postMessage(fault === undefined ? tried : { ...tried, fault });
  }
  self.postMessage("done");
};

function prepare(
  { format, model }: Seed,
  map: Awaited<ReturnType<typeof stretches>>,
  seed: number,
) {
  const names = [...map.keys()];
  const file = names[Math.floor(seed / 7) % names.length]!;
  const { bytes, how } = mutate(model.files.get(file)!, map.get(file)!, seed);
  const files = new Map(model.files).set(file, bytes);
  return { file, how, run: () => open(format, { main: model.main, files }) };
}
