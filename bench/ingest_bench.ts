/**
 * Ingesting a model, and what it takes to read, to measure and to write as much in C (`ingest.c`):
 *
 *     deno run -A bench/ingest_bench.ts [1e8 1e9 7e9] [--rounds 3] [--workers 2] [--peers]
 *
 * Cold is with the model's pages dropped from the page cache; warm, which is left out where the model
 * is more than half of the memory, is after it was read. Ours and C take turns, and ratios are of the
 * best rounds. C's statistics are a pass over files ("stats"), or over values that were read before
 * the clock started ("memory"). `--peers` measures C alone. Models are made where they are missing.
 * Prints a table, then a line of JSON a figure.
 */
import { parseArgs } from "node:util";
import { checkPeer, IngestPeer, makeCold, type Passes, TensorList } from "./ingest_peer.ts";
import { makeModel } from "./make_model.ts";
import { scratch } from "./models.ts";
import { MemoryWatch, own } from "./own.ts";
import { isSize, type SizeName } from "./synthetic/llama.ts";

const { values: { rounds, workers, peers }, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    workers: { type: "string", default: "2" },
    peers: { type: "boolean", default: false },
  },
});
const ROUNDS = Number(rounds);
/** Most of the megabytes that our process may have resident. */
const MEMORY = 700;
/** Of the model's bytes, what a store may have; where none was written it counts as one of that size. */
const SHARE = 0.12;

/** One run of ours. */
interface Ingested {
  /** Of the whole process. */
  readonly wall: number;
  /** As the command says it. */
  readonly seconds: number;
  /** Resident, in MiB, at most. */
  readonly peak: number;
  readonly files: number;
  readonly bytes: number;
}

/**
 * What was written, removed only at the end: ext4 keeps off inodes that were just freed, and looks
 * through all of them for each new file.
 */
const made: string[] = [];

/** Ingests a model into a new store, which is measured. */
async function ingest(model: string): Promise<Ingested> {
  Deno.mkdirSync(scratch, { recursive: true });
  const store = Deno.makeTempDirSync({ dir: scratch, prefix: "store-" });
  try {
    const { command, args, env } = own(
      ...["ingest", model, "--store", store, "--workers", workers, "--json"],
    );
    const began = performance.now();
    const process = new Deno.Command(command, { args, env, stdout: "piped", stderr: "piped" })
      .spawn();
    const watch = new MemoryWatch(process.pid, 20);
    const { success, stdout, stderr } = await process.output();
    const wall = (performance.now() - began) / 1000;
    watch.stop();
    if (!success) throw new Error(`ingest failed: ${new TextDecoder().decode(stderr)}`);
    const said = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1) ?? "";
    const { seconds } = JSON.parse(said);
    return { wall, seconds, peak: watch.peak, ...sizeOf(store) };
  } finally {
    made.push(store);
  }
}

function sizeOf(folder: string): { files: number; bytes: number } {
  let files = 0, bytes = 0;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    const inside = isDirectory ? sizeOf(path) : { files: 1, bytes: Deno.statSync(path).size };
    files += inside.files;
    bytes += inside.bytes;
  }
  return { files, bytes };
}

interface Row {
  readonly model: SizeName;
  readonly what: string;
  /** Best of the rounds. */
  readonly seconds: number;
  readonly bytes: number;
  readonly rounds: number[];
  readonly details?: Record<string, number>;
}

async function measure(model: SizeName): Promise<Row[]> {
  const folder = await makeModel(model);
  using list = await TensorList.of(folder);
  const { bytes } = list;
  const half = Deno.systemMemoryInfo().total / 2;
  const found = new Map<string, number[]>();
  const runs = { cold: [] as Ingested[], warm: [] as Ingested[] };
  const note = (what: string, { seconds }: Pick<Passes, "seconds">) => {
    found.set(what, [...found.get(what) ?? [], ...seconds]);
  };
  for (let round = 0; round < ROUNDS; round++) {
    await makeCold(native, list);
    note("cold read, C", await native.run("read", 2, list.path));
    await makeCold(native, list);
    note("cold stats, C native", await native.run("stats", 2, 1, list.path));
    if (!peers) {
      await makeCold(native, list);
      runs.cold.push(await ingest(folder));
    }
    if (bytes > half) continue;
    await native.run("read", 2, list.path);
    note("warm stats, C native", await native.run("stats", 2, 3, list.path));
    note("warm stats, C sse4.1", await sse.run("stats", 2, 3, list.path));
    note("memory, C sse4.1", await sse.run("memory", 2, 3, list.path));
    if (!peers) runs.warm.push(await ingest(folder));
  }
  for (const [name, all] of Object.entries(runs)) {
    if (all.length > 0) note(`${name} ingest`, { seconds: all.map(({ seconds }) => seconds) });
  }
  const { files, bytes: stored } = runs.cold[0] ??
    { files: list.tensors, bytes: Math.round(SHARE * bytes) };
  for (let round = 0; round < ROUNDS; round++) {
    const into = Deno.makeTempDirSync({ dir: scratch, prefix: "written-" });
    note("writing the store, C", await native.run("write", into, files, stored));
    made.push(into);
  }
  return Array.from(found, ([what, seconds]): Row => {
    const of = what === "cold ingest" ? runs.cold : what === "warm ingest" ? runs.warm : undefined;
    return {
      ...{ model, what, rounds: seconds, seconds: Math.min(...seconds) },
      bytes: what.startsWith("writing") ? stored : bytes,
      ...(of
        ? {
          details: {
            wall: Math.min(...of.map(({ wall }) => wall)),
            MiB: Math.max(...of.map(({ peak }) => peak)),
            stored,
            files,
            nanosecondsEach: Math.min(...seconds) / list.parameters * 1e9,
          },
        }
        : what.startsWith("writing")
        ? { details: { files } }
        : {}),
    };
  });
}

/** What the figures come to, each with its limit. */
function verdicts(rows: readonly Row[]): { what: string; found: number; limit: string }[] {
  const all: { what: string; found: number; limit: string }[] = [];
  const say = (what: string, found: number, limit: string) => {
    if (Number.isFinite(found)) all.push({ what, found, limit });
  };
  const models = [...new Set(rows.map(({ model }) => model))];
  for (const model of models) {
    const row = (what: string) => rows.find((row) => row.model === model && row.what === what);
    const seconds = (what: string) => row(what)?.seconds ?? NaN;
    const slower = Math.max(seconds("cold read, C"), seconds("cold stats, C native"));
    const [cold, warm] = [row("cold ingest"), row("warm ingest")];
    say(`${model}: speed, cold, of the slower of C's`, slower / seconds("cold ingest"), ">= 0.8");
    const write = seconds("writing the store, C");
    for (const what of ["warm stats, C sse4.1", "memory, C sse4.1"]) {
      const both = seconds(what) + write;
      say(`${model}: time of "${what}" and writing`, seconds("warm ingest") / both, "<= 1.5");
      const wall = warm?.details?.["wall"] ?? NaN;
      say(`${model}: the same for the whole process`, wall / both, "<= 1.5");
    }
    const most = Math.max(...[cold, warm].map((run) => run?.details?.["MiB"] ?? -Infinity));
    say(`${model}: MiB resident`, most, `<= ${MEMORY}`);
    const share = (cold?.details?.["stored"] ?? NaN) / (cold?.bytes ?? NaN);
    say(`${model}: store's share of the model's bytes`, share, `<= ${SHARE}`);
  }
  const each = rows.filter(({ what }) => what === "cold ingest").map((row) => {
    return row.details?.["nanosecondsEach"] ?? NaN;
  });
  if (each.length > 1) {
    say(
      "most over least time per parameter, cold",
      Math.max(...each) / Math.min(...each),
      "<= 1.15",
    );
  }
  return all;
}

const unknown = positionals.find((name) => !isSize(name));
if (unknown !== undefined) throw new Error(`there is no size "${unknown}"`);
const models = positionals.length > 0 ? positionals.filter(isSize) : ["1e8", "1e9", "7e9"] as const;
using native = new IngestPeer("-march=native");
using sse = new IngestPeer("-msse4.1");
for (const peer of [native, sse]) await checkPeer(peer);
const rows: Row[] = [];
try {
  for (const model of models) rows.push(...await measure(model));
} finally {
  for (const folder of made) Deno.removeSync(folder, { recursive: true });
}

const figure = (value: number) => value >= 100 ? value.toFixed(0) : value.toPrecision(3);
console.log(
  "| model | what | best s | median s | GB/s | |\n| --- | --- | ---: | ---: | ---: | --- |",
);
for (const { model, what, seconds, bytes, rounds, details = {} } of rows) {
  const median = rounds.toSorted((a, b) => a - b)[rounds.length >> 1]!;
  const more = Object.entries(details).map(([name, value]) => `${name} ${figure(value)}`);
  const speed = figure(bytes / seconds / 1e9);
  console.log(
    `| ${model} | ${what} | ${figure(seconds)} | ${figure(median)} | ${speed} | ${
      more.join(", ")
    } |`,
  );
}
const found = verdicts(rows);
if (found.length > 0) console.log("\n| figure | found | goal |\n| --- | ---: | ---: |");
for (const { what, found: value, limit } of found) {
  console.log(`| ${what} | ${figure(value)} | ${limit} |`);
}
console.log();
for (const row of [...rows, ...found]) console.log(JSON.stringify({ bench: "ingest", ...row }));
