/**
 * An octree of a `side`³ float32 volume, merged and listed: millions of cells a second, with one worker
 * and two, of cells that are near the kernels already and of bricks that are read from a file in the
 * page cache; beside it C++ (g++ -O3 -msse4.1, bench/octree.cpp), one thread, and OpenVDB's
 * copyFromDense and prune where its library and the peers' vdb.cpp are found:
 *
 *     deno run -A bench/octree_bench.ts [side]     PEERS=folder of the peers, for OpenVDB alone
 *
 * The volume is a smooth field with flat plateaus, and noise on 0.5 % of the cells in a quarter of its
 * bricks of 32³. The memory of lists is used again from pass to pass, ours and C++'s; OpenVDB's trees are
 * made anew. Passes take turns; ratios are of the best ones, which are those that other work on the
 * machine disturbed least. Prints a table, then a line of JSON a figure.
 */
import type { MergeRule } from "../src/compute/ops.ts";
import { joinOctree } from "../src/field/octree.ts";
import { gridOf } from "../src/field/octree/grid.ts";
import { generator } from "../src/field/random.ts";
import type { Merged, Share } from "./octree_worker.ts";

const SIDE = Number(Deno.args[0] ?? 256);
const ROUNDS = 7;
const EPSILONS = [0.01, 0.1].map(Math.fround);
const CELLS = SIDE ** 3;

/** Millions of cells a second, by pass. */
interface Series {
  readonly what: string;
  readonly epsilon: number;
  readonly threads: number;
  readonly speeds: number[];
  found: string;
}

function makeField(): Float32Array<ArrayBuffer> {
  const cells = new Float32Array(CELLS);
  const next = generator("octree");
  const bricks = SIDE / 32;
  const noisy = Array.from({ length: bricks ** 3 }, () => next() < 0.25);
  const at = (i: number) => (i + 0.5) / SIDE;
  for (let z = 0, i = 0; z < SIDE; z++) {
    for (let y = 0; y < SIDE; y++) {
      const [cosine, sine] = [Math.cos(6.3 * at(y)), Math.sin(6.3 * at(z) + at(y))];
      for (let x = 0; x < SIDE; x++, i++) {
        let value = Math.sin(6.3 * at(x) + 2 * at(z)) * cosine * sine;
        if (Math.abs(value) < 0.25) value = 0;
        if (value > 0.7) value = 0.75;
        const brick = ((z >> 5) * bricks + (y >> 5)) * bricks + (x >> 5);
        if (noisy[brick] && next() < 0.005) {
          const radius = Math.sqrt(-2 * Math.log(1 - next()));
          value += 0.2 * radius * Math.cos(2 * Math.PI * next());
        }
        cells[i] = value;
      }
    }
  }
  return cells;
}

/** Compiles a peer; null, with the reason printed, where that is not possible. */
async function compile(source: string, ...flags: string[]): Promise<string | null> {
  const program = await Deno.makeTempFile({ prefix: "synaptile-" });
  try {
    Deno.statSync(source);
    const { success, stderr } = await new Deno.Command("g++", {
      args: ["-std=c++17", "-O3", "-msse4.1", source, ...flags, "-o", program],
    }).output();
    if (success) return program;
    const lines = new TextDecoder().decode(stderr).split("\n");
    console.log(`No ${source}: ${lines.find((line) => line.includes("error"))}\n`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`No ${source}: ${error.message}\n`);
  }
  Deno.removeSync(program);
  return null;
}

async function run(program: string, ...args: string[]): Promise<Record<string, unknown>[]> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    env: { PEER_THREADS: "1" },
  }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
}

const grid = gridOf(SIDE, SIDE, SIDE);
const file = await Deno.makeTempFile({ prefix: "synaptile-" });
await Deno.writeFile(file, new Uint8Array(makeField().buffer));
const all: Series[] = [];
const series = (what: string, epsilon: number, threads: number): Series => {
  const known = all.find((one) =>
    one.what === what && one.epsilon === epsilon && one.threads === threads
  );
  if (known) return known;
  const made = { what, epsilon, threads, speeds: [], found: "" };
  all.push(made);
  return made;
};

/** The shares of the bricks, merged by as many workers. */
const ask = (workers: Worker[], share: (worker: number) => Share): Promise<Merged[]> =>
  Promise.all(workers.map((worker, i) =>
    new Promise<Merged>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(share(i));
    })
  ));

/** One build: from asking the workers to the joined tree; where cells are near first, without that. */
async function pass(workers: Worker[], isRead: boolean, epsilon: number): Promise<void> {
  const rule: MergeRule = { epsilon, tau: epsilon ** 2 / 16 };
  const each = Math.ceil(grid.count / workers.length);
  const began = performance.now();
  const merged = await ask(workers, (i) => {
    const [from, to] = [i * each, Math.min(grid.count, (i + 1) * each)];
    return { path: file, side: SIDE, from, to, rule, isRead };
  });
  const joining = performance.now();
  const { statistics } = joinOctree(grid, rule, merged.map(({ lists }) => lists));
  const ended = performance.now();
  const spent = Math.max(...merged.map(({ spent }) => spent)) + ended - joining;
  const one = series(isRead ? "read from a file" : "in place", epsilon, workers.length);
  one.speeds.push(CELLS / (isRead ? ended - began : spent) / 1e3);
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
  one.found = `${sum(statistics.inner)} inner, ${sum(statistics.leaves)} leaves, ` +
    `${statistics.linearBytes} bytes, error ${statistics.error.toPrecision(3)}`;
}

interface PeerLine {
  readonly seconds: readonly number[];
  readonly inner: number;
  readonly leaves: number;
  readonly bytes: number;
}

async function peerPass(program: string): Promise<void> {
  for (
    const [i, line] of (await run(program, file, `${SIDE}`, "3", ...EPSILONS.map(String))).entries()
  ) {
    const { seconds, inner, leaves, bytes } = line as unknown as PeerLine;
    const one = series("g++ -msse4.1", EPSILONS[i]!, 1);
    one.speeds.push(...seconds.map((spent) => CELLS / spent / 1e6));
    one.found = `${inner} inner, ${leaves} leaves, ${bytes} bytes`;
  }
}

async function vdbPass(program: string): Promise<void> {
  for (const line of await run(program, file, `${SIDE}`)) {
    const { case: what, min, median, max, peer } = line as Record<string, string>;
    const epsilon = EPSILONS.find((epsilon) =>
      what?.includes(`prune(${Number(epsilon.toFixed(4))})`)
    );
    if (epsilon === undefined) continue;
    series(peer!, epsilon, 1).speeds.push(...[min, median, max].map(Number));
  }
}

const peers = Deno.env.get("PEERS");
const program = await compile(new URL("octree.cpp", import.meta.url).pathname);
const vdb = peers
  ? await compile(
    `${peers}/c/vdb.cpp`,
    '-DARCH="sse4.1"',
    "-lopenvdb",
    "-ltbb",
    "-l:libImath-3_1.so.29",
  )
  : null;
const teams = [1, 2].map((threads) =>
  Array.from(
    { length: threads },
    () => new Worker(new URL("octree_worker.ts", import.meta.url), { type: "module" }),
  )
);
for (let round = -1; round < ROUNDS; round++) {
  // The first one has kernels and workers compiled.
  if (round === 0) all.length = 0;
  for (const workers of teams) {
    for (const isRead of [false, true]) {
      for (const epsilon of EPSILONS) await pass(workers, isRead, epsilon);
    }
  }
  if (program) await peerPass(program);
  if (vdb) await vdbPass(vdb);
}
for (const worker of teams.flat()) worker.terminate();
for (const made of [program, vdb, file]) if (made) Deno.removeSync(made);

const best = (speeds: readonly number[]) => Math.max(...speeds);
const median = (speeds: readonly number[]) => speeds.toSorted((a, b) => a - b)[speeds.length >> 1]!;
console.log(`Octree of ${SIDE}³ float32, τ = ε² / 16, Mcells/s\n`);
console.log("| ε | | threads | best | median | of g++ | of OpenVDB | |");
console.log("| ---: | --- | ---: | ---: | ---: | ---: | ---: | --- |");
all.sort((a, b) => a.epsilon - b.epsilon);
const lines = all.map(({ what, epsilon, threads, speeds, found }) => {
  const of = (peer: string) => {
    const base = all.find((one) => one.what.startsWith(peer) && one.epsilon === epsilon);
    return base ? best(speeds) / best(base.speeds) : NaN;
  };
  const ratios = { ofCpp: of("g++"), ofVdb: of("OpenVDB") };
  return { epsilon, what, threads, best: best(speeds), median: median(speeds), ...ratios, found };
});
for (const { epsilon, what, threads, best, median, ofCpp, ofVdb, found } of lines) {
  const cells = [epsilon.toFixed(2), what, threads, best.toFixed(0), median.toFixed(0)];
  console.log(`| ${[...cells, ofCpp.toFixed(2), ofVdb.toFixed(2), found].join(" | ")} |`);
}
console.log();
for (const line of lines) console.log(JSON.stringify(line));
