import type { Order, Tried } from "./worker.ts";

/** Milliseconds that one mutation may take, and the bytes that one array may have. */
export const SLOWEST = 1000, LARGEST = 64 << 20;
/** Milliseconds after which a reader is taken to hang. */
const HANG = 10_000;

/** What a run found. */
export interface Report {
  readonly tried: number;
  /** How often each kind of error came, and how often the file was read all the same. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Sentences that name the file, the change and the seed that repeats it. */
  readonly defects: readonly string[];
  readonly slowest: number;
  readonly largest: number;
}

/** Mutates the real files of a format, in a thread that is ended where it hangs. */
export async function fuzz(order: Order): Promise<Report> {
  const outcomes = new Map<string, number>();
  const defects: string[] = [];
  let tried = 0, slowest = 0, largest = 0;
  const count = ({ seed, file, how, outcome, fault, ms, allocated }: Tried) => {
    const what = `seed ${seed}, ${file}: ${how}`;
    tried++;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    slowest = Math.max(slowest, ms);
    largest = Math.max(largest, allocated);
    if (fault !== undefined) defects.push(`${what}\n${fault}`);
    if (ms > SLOWEST) defects.push(`${what} takes ${Math.round(ms)} ms`);
    if (allocated > LARGEST) defects.push(`${what} allocates ${allocated} bytes at once`);
  };
  for (let from = order.from; from < order.from + order.count;) {
    const left = order.from + order.count - from;
    const hung = await attend({ ...order, from, count: left }, count);
    if (hung === undefined) break;
    defects.push(`${hung.what} hangs`);
    from = hung.seed + 1;
  }
  return { tried, outcomes, defects, slowest, largest };
}

/** Runs a worker to its end; the mutation that it hangs on, if it does. */
function attend(
  order: Order,
  count: (tried: Tried) => void,
): Promise<{ seed: number; what: string } | undefined> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return new Promise<{ seed: number; what: string } | undefined>((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    worker.onmessage = ({ data }) => {
      clearTimeout(timer);
      if (data === "done") return resolve(undefined);
      if ("begins" in data) {
        const { begins: seed, file, how } = data;
        const what = `seed ${seed}, ${file}: ${how}`;
        timer = setTimeout(() => resolve({ seed, what }), HANG);
      } else count(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      clearTimeout(timer);
      reject(new Error(`the fuzzer's worker failed: ${event.message}`));
    };
    worker.postMessage(order);
  }).finally(() => worker.terminate());
}
