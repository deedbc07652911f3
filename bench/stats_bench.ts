/**
 * Block statistics over a matrix in memory, in GB/s of stored values, with one worker and two, and
 * beside them the C peer where gcc and its source are found:
 *
 *     deno run -A bench/stats_bench.ts [side]     PEERS=folder of the peers, PEER_DATA=their data
 *
 * Prints a table, then a line of JSON a figure. bf16 is decoded a band at a time on the way.
 */
import { compile } from "../assembly/build.ts";
import { matrix } from "./matrix.ts";
import type { Share } from "./stats_worker.ts";

const SIDE = Number(Deno.args[0] ?? 16384);
const ROUNDS = 7;
const peers = Deno.env.get("PEERS") ?? new URL("../../shared/peers", import.meta.url).pathname;

interface Figure {
  readonly what: string;
  readonly dtype: "F32" | "BF16";
  readonly block: number;
  readonly threads: number;
  /** Median over the rounds. */
  readonly gigabytesPerSecond: number;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** The kernels with 2 GiB of memory, so that the matrix lies in it as it does in the peer's. */
async function wideKernels(): Promise<Uint8Array<ArrayBuffer>> {
  await compile("kernels_2gib.wasm", 32768);
  return Deno.readFileSync(new URL("../assembly/build/kernels_2gib.wasm", import.meta.url));
}

async function ours(
  wasm: Uint8Array<ArrayBuffer>,
  dtype: "F32" | "BF16",
  block: number,
  threads: number,
): Promise<Figure> {
  const path = matrix(SIDE, dtype);
  const rows = SIDE / threads;
  const workers = Array.from({ length: threads }, () => {
    return new Worker(new URL("stats_worker.ts", import.meta.url), { type: "module" });
  });
  const all = (message: (i: number) => Share | "go") =>
    Promise.all(workers.map((worker, i) =>
      new Promise<unknown>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(message(i));
      })
    ));
  await all((i) => ({ wasm, path, dtype, side: SIDE, first: i * rows, rows, block }));
  const speeds: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const start = performance.now();
    const cells = await all(() => "go") as number[];
    const seconds = (performance.now() - start) / 1000;
    const seen = cells.reduce((total, count) => total + count);
    if (seen !== SIDE * SIDE) throw new Error(`${seen} cells measured of ${SIDE * SIDE}`);
    if (round >= 0) speeds.push(SIDE * SIDE * (dtype === "F32" ? 4 : 2) / seconds / 1e9);
  }
  for (const worker of workers) worker.terminate();
  return { what: "synaptile", dtype, block, threads, gigabytesPerSecond: median(speeds) };
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

async function peer(program: string, dtype: "F32" | "BF16", threads: number): Promise<Figure> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [matrix(SIDE, dtype), `${SIDE}`, dtype.toLowerCase()],
    env: { PEER_THREADS: `${threads}` },
  }).output();
  if (!success) throw new Error(`the peer failed: ${new TextDecoder().decode(stderr)}`);
  const speed = JSON.parse(new TextDecoder().decode(stdout)).median as number;
  return { what: "gcc", dtype, block: 8, threads, gigabytesPerSecond: speed };
}

const wasm = await wideKernels();
const program = await buildPeer();
const figures: Figure[] = [];
for (const dtype of ["F32", "BF16"] as const) {
  for (const threads of [1, 2]) {
    figures.push(await ours(wasm, dtype, 8, threads));
    if (program) figures.push(await peer(program, dtype, threads));
    figures.push(await ours(wasm, dtype, 16, threads));
  }
}
if (program) Deno.removeSync(program);

const find = (what: string, { dtype, threads, block }: Figure) =>
  figures.find((one) =>
    one.what === what && one.dtype === dtype && one.threads === threads && one.block === block
  );
console.log(`Block statistics of ${SIDE} × ${SIDE} values\n`);
console.log("| | dtype | block | threads | GB/s | of one thread | of gcc |");
console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
for (const figure of figures) {
  const { what, dtype, block, threads, gigabytesPerSecond: speed } = figure;
  const against = (other: Figure | undefined) =>
    other ? (speed / other.gigabytesPerSecond).toFixed(2) : "";
  const one = threads > 1 ? against(find(what, { ...figure, threads: 1 })) : "";
  const c = what === "gcc" ? "" : against(find("gcc", { ...figure, block: 8 }));
  console.log(
    `| ${what} | ${dtype} | ${block} | ${threads} | ${speed.toFixed(2)} | ${one} | ${c} |`,
  );
}
console.log();
for (const figure of figures) console.log(JSON.stringify(figure));
