/**
 * What ingest computes of a `side` × `side` bfloat16 matrix in the page cache: statistics of blocks of
 * 16, means of blocks of 8 and a count of the keys of one cell in eight, in GB/s of stored values, by
 * stage and in all, with one worker and two and pieces of several sizes; beside it the C peer's block
 * statistics where gcc and its source are found, whose clock runs on measuring alone:
 *
 *     deno run -A bench/ingest_kernel_bench.ts [side]     PEERS=folder of the peers, PEER_DATA=their data
 *
 * Passes take turns; figures are of the best ones. Prints a table, then a line of JSON a figure.
 */
import type { Share, Spent } from "./ingest_kernel_worker.ts";
import { matrix } from "./matrix.ts";
import { compilePeer } from "./peers.ts";

const SIDE = Number(Deno.args[0] ?? 16384);
const ROUNDS = 5;
const PIECES = [256, 512, 1024, 2048];
const BYTES = SIDE * SIDE * 2;
const peers = Deno.env.get("PEERS") ?? new URL("../../shared/peers", import.meta.url).pathname;
const path = matrix(SIDE, "BF16");

/** GB/s; of the peer only `all`. */
interface Figure {
  readonly what: string;
  readonly threads: number;
  read?: number;
  stats?: number;
  sketch?: number;
  all: number;
}

/** One pass of all workers; keeps the best of each stage. */
async function pass(workers: Worker[], piece: number, figure: Figure): Promise<void> {
  const rows = SIDE / workers.length;
  const began = performance.now();
  const spent = await Promise.all(
    workers.map((worker, i) =>
      new Promise<Spent>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        const share: Share = { path, side: SIDE, first: i * rows, rows, piece: piece * 1024 };
        worker.postMessage(share);
      })
    ),
  );
  const wall = performance.now() - began;
  const total = (of: (one: Spent) => number) => spent.reduce((sum, one) => sum + of(one), 0);
  if (total(({ cells }) => cells) !== SIDE ** 2) throw new Error("cells were left out");
  if (total(({ counted }) => counted) !== SIDE ** 2 / 8) throw new Error("keys were left out");
  for (const stage of ["read", "stats", "sketch"] as const) {
    const speed = BYTES / Math.max(...spent.map((one) => one[stage])) / 1e6;
    figure[stage] = Math.max(figure[stage] ?? 0, speed);
  }
  figure.all = Math.max(figure.all, BYTES / wall / 1e6);
}

/** Compiles the peer; null, with the reason printed, where that is not possible. */
function buildPeer(name: string, flag: string): { name: string; program: string } | null {
  const flags = ["-fopenmp", "-fno-math-errno", flag, `-DARCH="${name}"`];
  const program = compilePeer(`${peers}/c/blockstats.c`, ...flags);
  return program === null ? null : { name, program };
}

/** One run of the peer, which makes several passes. */
async function runPeer(program: string, figure: Figure): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [path, `${SIDE}`, "bf16"],
    env: { PEER_THREADS: `${figure.threads}` },
  }).output();
  if (!success) throw new Error(`the peer failed: ${new TextDecoder().decode(stderr)}`);
  figure.all = Math.max(figure.all, JSON.parse(new TextDecoder().decode(stdout)).max);
}

const programs = [buildPeer("sse4.1", "-msse4.1"), buildPeer("native", "-march=native")]
  .filter((peer) => peer !== null);
const figures: Figure[] = [];
for (const threads of [1, 2]) {
  const workers = Array.from({ length: threads }, () => {
    return new Worker(new URL("ingest_kernel_worker.ts", import.meta.url), { type: "module" });
  });
  const add = (what: string): Figure => {
    const figure = { what, threads, all: 0 };
    figures.push(figure);
    return figure;
  };
  const ours = PIECES.map((piece) => ({ piece, figure: add(`pieces of ${piece} KiB`) }));
  const theirs = programs.map(({ name, program }) => ({ program, figure: add(`gcc ${name}`) }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { piece, figure } of ours) await pass(workers, piece, figure);
    for (const { program, figure } of theirs) await runPeer(program, figure);
  }
  for (const worker of workers) worker.terminate();
}
for (const { program } of programs) Deno.removeSync(program);

const gcc = (threads: number) =>
  figures.find((one) => one.what === "gcc sse4.1" && one.threads === threads)?.all;
console.log(`Ingest's kernels on ${SIDE} × ${SIDE} bfloat16, GB/s\n`);
console.log("| | threads | read | stats | sketch | all | of gcc sse4.1 |");
console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const { what, threads, read, stats, sketch, all } of figures) {
  const base = gcc(threads);
  const cells = [read, stats, sketch, all, base && all / base].map((cell) =>
    cell?.toFixed(2) ?? ""
  );
  console.log(`| ${[what, threads, ...cells].join(" | ")} |`);
}
console.log();
for (const figure of figures) console.log(JSON.stringify(figure));
