/**
 * Block statistics of a `side` × `side` matrix, in GB/s of stored values, with one worker and two,
 * and beside them the C peer where gcc and its source are found:
 *
 *     deno run -A bench/stats_bench.ts [side]     PEERS=folder of the peers, PEER_DATA=their data
 *
 * "GB/s" is of measuring alone: the peer too has its matrix read before the clock starts;
 * "with reading" is a whole pass over the file in the page cache. Prints a table, then JSON lines.
 */
import { matrix } from "./matrix.ts";
import type { Share, Spent } from "./stats_worker.ts";

const SIDE = Number(Deno.args[0] ?? 16384);
const ROUNDS = 7;
const peers = Deno.env.get("PEERS") ?? new URL("../../shared/peers", import.meta.url).pathname;

type Dtype = Share["dtype"];

/** Medians over the rounds, in GB/s. */
interface Figure {
  readonly what: string;
  readonly dtype: Dtype;
  readonly block: number;
  readonly threads: number;
  readonly speed: number;
  readonly withReading?: number;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

async function ours(dtype: Dtype, block: number, threads: number): Promise<Figure> {
  const path = matrix(SIDE, dtype);
  const rows = SIDE / threads;
  const bytes = SIDE * SIDE * (dtype === "F32" ? 4 : 2);
  const workers = Array.from({ length: threads }, () => {
    return new Worker(new URL("stats_worker.ts", import.meta.url), { type: "module" });
  });
  const pass = () =>
    Promise.all(workers.map((worker, i) =>
      new Promise<Spent>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        const share: Share = { path, dtype, side: SIDE, first: i * rows, rows, block };
        worker.postMessage(share);
      })
    ));
  const speeds: number[] = [];
  const whole: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const start = performance.now();
    const spent = await pass();
    const wall = performance.now() - start;
    const cells = spent.reduce((total, one) => total + one.cells, 0);
    if (cells !== SIDE * SIDE) throw new Error(`${cells} cells measured of ${SIDE * SIDE}`);
    if (round < 0) continue;
    speeds.push(bytes / Math.max(...spent.map(({ computing }) => computing)) / 1e6);
    whole.push(bytes / wall / 1e6);
  }
  for (const worker of workers) worker.terminate();
  const what = "synaptile";
  return { what, dtype, block, threads, speed: median(speeds), withReading: median(whole) };
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

async function peer(program: string, dtype: Dtype, threads: number): Promise<Figure> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [matrix(SIDE, dtype), `${SIDE}`, dtype.toLowerCase()],
    env: { PEER_THREADS: `${threads}` },
  }).output();
  if (!success) throw new Error(`the peer failed: ${new TextDecoder().decode(stderr)}`);
  const speed = JSON.parse(new TextDecoder().decode(stdout)).median as number;
  return { what: "gcc", dtype, block: 8, threads, speed };
}

const program = await buildPeer();
const figures: Figure[] = [];
for (const dtype of ["F32", "BF16"] as const) {
  for (const threads of [1, 2]) {
    figures.push(await ours(dtype, 8, threads));
    if (program) figures.push(await peer(program, dtype, threads));
    figures.push(await ours(dtype, 16, threads));
  }
}
if (program) Deno.removeSync(program);

const find = (what: string, { dtype, threads, block }: Figure) =>
  figures.find((one) =>
    one.what === what && one.dtype === dtype && one.threads === threads && one.block === block
  );
console.log(`Block statistics of ${SIDE} × ${SIDE} values\n`);
console.log("| | dtype | block | threads | GB/s | of one thread | of gcc | with reading |");
console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const figure of figures) {
  const { what, dtype, block, threads, speed, withReading } = figure;
  const against = (other: Figure | undefined) => other ? (speed / other.speed).toFixed(2) : "";
  const cells = [
    ...[what, dtype, block, threads, speed.toFixed(2)],
    threads > 1 ? against(find(what, { ...figure, threads: 1 })) : "",
    what === "gcc" ? "" : against(find("gcc", { ...figure, block: 8 })),
    withReading?.toFixed(2) ?? "",
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
console.log();
for (const figure of figures) console.log(JSON.stringify(figure));
