// Opening a model: the catalogue's entry complete, no values read. Files and folders given, or those
// of the repository's fixtures; then, for each format that is read in ranges, a sparse file of
// 10,000 tensors and 10 GB. First in a fresh process (median of several), then again (median);
// memory is what the process grew by, at most and in the end. Prints a table and a line of JSON each.
import { findModels } from "../src/model/find.ts";
import { openModel } from "../src/model/open.ts";
import { FileSource } from "../src/storage/file.ts";
import { sparse } from "../tests/formats/sparse.ts";

const FRESH = 5;
const AGAIN = 9;
/** Milliseconds, and megabytes of growth, that opening may take. */
const limits = { file: { ms: 50, mb: 50 }, sparse: { ms: 300, mb: 50 } };

/** As the serve task has it. */
const flags = ["--v8-flags=--max-semi-space-size=1"];

/** What one process found. */
interface Figures {
  readonly first: number;
  readonly again: number;
  readonly reads: number;
  readonly bytes: number;
  readonly grown: number;
  readonly peak: number;
  readonly tensors: number;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** In a process of its own: opens the model once, and looks at what that took; then some times more. */
async function measure(path: string): Promise<Figures> {
  let reads = 0, bytes = 0;
  const { read, readSync } = FileSource.prototype;
  FileSource.prototype.readSync = function (offset, into) {
    reads++;
    bytes += into.length;
    return readSync.call(this, offset, into);
  };
  FileSource.prototype.read = function (offset, length, signal) {
    const before = reads;
    const reading = read.call(this, offset, length, signal);
    if (reads > before) return reading; // counted as a synchronous one
    reads++;
    bytes += length;
    return reading;
  };
  const open = async () => {
    const began = performance.now();
    const model = await openModel(path);
    const ms = performance.now() - began;
    model.close();
    return { ms, tensors: model.tensors.length };
  };
  const before = Deno.memoryUsage().rss;
  const { ms: first, tensors } = await open();
  const grown = Deno.memoryUsage().rss - before;
  const status = Deno.readTextFileSync("/proc/self/status");
  const peak = Number(status.match(/VmHWM:\s*(\d+)/)![1]) * 1024 - before;
  const counted = { reads, bytes };
  const times: number[] = [];
  for (let i = 0; i < AGAIN; i++) times.push((await open()).ms);
  return { first, again: median(times), ...counted, grown, peak, tensors };
}

async function inProcesses(path: string): Promise<Figures> {
  const args = ["run", "-A", "--no-check", ...flags, import.meta.filename!, "--measure", path];
  const runs: Figures[] = [];
  for (let i = 0; i < FRESH; i++) {
    const { stdout, success } = await new Deno.Command(Deno.execPath(), {
      args,
      env: { MALLOC_TRIM_THRESHOLD_: "67108864" },
      stderr: "inherit",
    }).output();
    if (!success) throw new Error(`${path} could not be opened`);
    runs.push(JSON.parse(new TextDecoder().decode(stdout)));
  }
  const of = (key: keyof Figures) => median(runs.map((run) => run[key]));
  const keys = ["first", "again", "reads", "bytes", "grown", "peak", "tensors"] as const;
  return Object.fromEntries(keys.map((key) => [key, of(key)])) as unknown as Figures;
}

async function report(name: string, path: string, kind: keyof typeof limits): Promise<void> {
  const figures = await inProcesses(path);
  const { first, again, reads, bytes, grown, peak, tensors } = figures;
  const { ms, mb } = limits[kind];
  const over = [
    ...first > ms ? [`over ${ms} ms`] : [],
    ...grown > mb * 1e6 ? [`over ${mb} MB`] : [],
  ];
  console.log(
    name.padEnd(44),
    ...[first, again].map((value) => value.toFixed(1).padStart(8)),
    String(reads).padStart(7),
    (bytes / 1e3).toFixed(0).padStart(8),
    ...[grown, peak].map((value) => (value / 1e6).toFixed(1).padStart(7)),
    String(tensors).padStart(7),
    over.join(", "),
  );
  console.log(JSON.stringify({ bench: "open", kind, name, ...figures, over }));
}

async function main(): Promise<void> {
  const fixtures = ["formats", "models"]
    .map((folder) => new URL(`../fixtures/${folder}`, import.meta.url).pathname);
  const paths = Deno.args.filter((arg) => !arg.startsWith("--"));
  const only = Deno.args.find((arg) => arg.startsWith("--sparse="))?.slice("--sparse=".length);
  console.log(
    `${"model".padEnd(44)}    fresh    again   reads       kB   grown    peak tensors`,
    "  (ms, MB)",
  );
  if (only === undefined) {
    for (const folder of paths.length > 0 ? paths : fixtures) {
      for (const path of findModels(folder)) {
        await report(path.slice(folder.length + 1) || path, path, "file");
      }
    }
  }
  for (const [name, write] of Object.entries(sparse)) {
    if (only !== undefined && !name.startsWith(only)) continue;
    const folder = await Deno.makeTempDir({ prefix: "synaptile-bench-" });
    try {
      await report(`${name}, 10 GB sparse`, write(folder), "sparse");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
}

if (Deno.args[0] === "--measure") console.log(JSON.stringify(await measure(Deno.args[1]!)));
else await main();
