/**
 * Block statistics of a `side` × `side` matrix, in GB/s of stored values, with one worker and two,
 * and beside them the C peer where gcc and its source are found:
 *
 *     deno run -A bench/stats_bench.ts [side]     PEERS=folder of the peers, PEER_DATA=their data
 *
 * GB/s are of measuring alone: the peer too has its matrix read before the clock starts. "with
 * reading" is a whole pass over the file in the page cache. Ours and the peer's passes take turns,
 * and ratios are of the best passes, so that a busy machine does not decide them.
 * Prints a table, then a line of JSON a figure.
 */
import { matrix } from "./matrix.ts";
import type { Share, Spent } from "./stats_worker.ts";

const SIDE = Number(Deno.args[0] ?? 16384);
const ROUNDS = 4;
const peers = Deno.env.get("PEERS") ?? new URL("../../shared/peers", import.meta.url).pathname;

type Dtype = Share["dtype"];

/** Speeds of all passes, in GB/s. */
interface Series {
  readonly what: string;
  readonly dtype: Dtype;
  readonly block: number;
  readonly threads: number;
  readonly speeds: number[];
  readonly withReading: number[];
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
const best = (values: number[]) => Math.max(...values);

/** One pass of all workers over the matrix. */
async function pass(workers: Worker[], series: Series): Promise<void> {
  const { dtype, block } = series;
  const rows = SIDE / workers.length;
  const path = matrix(SIDE, dtype);
  const start = performance.now();
  const spent = await Promise.all(
    workers.map((worker, i) =>
      new Promise<Spent>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        const share: Share = { path, dtype, side: SIDE, first: i * rows, rows, block };
        worker.postMessage(share);
      })
    ),
  );
  const wall = performance.now() - start;
  const cells = spent.reduce((total, one) => total + one.cells, 0);
  if (cells !== SIDE * SIDE) throw new Error(`${cells} cells measured of ${SIDE * SIDE}`);
  const bytes = SIDE * SIDE * (dtype === "F32" ? 4 : 2);
  series.speeds.push(bytes / Math.max(...spent.map(({ computing }) => computing)) / 1e6);
  series.withReading.push(bytes / wall / 1e6);
}

/** Compiles the peer; null, with the reason printed, where that is not possible. */
async function buildPeer(): Promise<string | null> {
  const source = `${peers}/c/blockstats.c`;
  const output = await Deno.makeTempFile();
  const flags = ["-O3", "-fopenmp", "-march=native", "-fno-math-errno", `-DARCH="native"`];
  try {
    Deno.statSync(source);
    const { success, stderr } = await new Deno.Command("gcc", {
      args: [...flags, source, "-lm", "-o", output],
    }).output();
    if (success) return output;
    console.log(`The peer does not compile:\n${new TextDecoder().decode(stderr)}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`No peer: ${error.message}`);
  }
  Deno.removeSync(output);
  return null;
}

/** One run of the peer, which makes several passes. */
async function runPeer(program: string, { dtype, threads, speeds }: Series): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [matrix(SIDE, dtype), `${SIDE}`, dtype.toLowerCase()],
    env: { PEER_THREADS: `${threads}` },
  }).output();
  if (!success) throw new Error(`the peer failed: ${new TextDecoder().decode(stderr)}`);
  const { min, median, max } = JSON.parse(new TextDecoder().decode(stdout));
  speeds.push(min, median, max);
}

const program = await buildPeer();
const all: Series[] = [];
for (const dtype of ["F32", "BF16"] as const) {
  for (const threads of [1, 2]) {
    const series = (what: string, block: number): Series => {
      const one = { what, dtype, block, threads, speeds: [], withReading: [] };
      all.push(one);
      return one;
    };
    const [eight, sixteen] = [series("synaptile", 8), series("synaptile", 16)];
    const peer = program ? series("gcc", 8) : null;
    const workers = Array.from({ length: threads }, () => {
      return new Worker(new URL("stats_worker.ts", import.meta.url), { type: "module" });
    });
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < 3; i++) await pass(workers, eight);
      if (program && peer) await runPeer(program, peer);
      for (let i = 0; i < 2; i++) await pass(workers, sixteen);
    }
    for (const worker of workers) worker.terminate();
  }
}
if (program) Deno.removeSync(program);

const find = (what: string, block: number, { dtype }: Series, threads: number) =>
  all.find((one) =>
    one.what === what && one.block === block && one.dtype === dtype && one.threads === threads
  );
console.log(`Block statistics of ${SIDE} × ${SIDE} values\n`);
console.log(
  "| | dtype | block | threads | best | median | of one thread | of gcc | with reading |",
);
console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
const figures = all.map((series) => {
  const { what, dtype, block, threads, speeds, withReading } = series;
  const against = (other: Series | undefined) =>
    other && other !== series ? best(speeds) / best(other.speeds) : null;
  return {
    ...{ what, dtype, block, threads, best: best(speeds), median: median(speeds) },
    ofOneThread: against(find(what, block, series, 1)),
    ofGcc: what === "gcc" ? null : against(find("gcc", 8, series, threads)),
    withReading: withReading.length > 0 ? best(withReading) : null,
  };
});
for (const figure of figures) {
  const cells = Object.values(figure).map((cell) =>
    cell === null ? "" : typeof cell === "number" && cell % 1 !== 0 ? cell.toFixed(2) : cell
  );
  console.log(`| ${cells.join(" | ")} |`);
}
console.log();
for (const figure of figures) console.log(JSON.stringify(figure));
