/**
 * The 16 largest singular values and vectors, and the spectral norm to 1e-4, of float32 matrices whose i-th
 * singular value is i^−¾: two workers and one, which copy the matrix to where kernels reach it and look for what is
 * not finite each time; beside them scipy's ARPACK, sklearn's randomized SVD and numpy's power iteration with two
 * threads (`svd.py`), where there is a Python that has them. Where there is a WebGPU adapter, a job of its worker
 * too, from the matrix in memory to the vectors, upload and readback included; it is named, as a CPU may play a GPU:
 *
 *     deno run -A bench/svd_bench.ts [rounds]     PYTHON=one that has scipy and sklearn
 *
 * All take turns; figures are of the best round and of the median one. Prints a table, with the share of the time
 * of the faster peer that finds the same as well, then a line of JSON a figure.
 */
import { pairMemory } from "../src/analysis/pair.ts";
import { normals } from "../tests/analysis/oracle.ts";
import { Backends } from "../src/tile/backends.ts";
import type { Answer, Task } from "./svd_worker.ts";

const rounds = Number(Deno.args[0] ?? 20);
/** Rounds that are thrown away: engines compile what they run often. */
const FIRST = 3;
const sizes = [[4096, 1024], [4096, 4096]] as const;
const sigma = (i: number) => (i + 1) ** -0.75;
/** Values asked for, and their relative error at most. */
const asked = [{ count: 16, error: 1e-5 }, { count: 1, error: 1e-4 }];

interface Figure {
  readonly what: string;
  readonly own: boolean;
  readonly size: string;
  /** Of values. */
  readonly count: number;
  /** Milliseconds of each round. */
  readonly times: number[];
  /** The largest relative error of its values. */
  readonly error: number;
}

/** What finds singular values: once, with the milliseconds that it took. */
type Method = () => Promise<{ milliseconds: number; values: ArrayLike<number> }>;

/** (I − 2uuᵀ)·diag(σ)·(I − 2vvᵀ). */
function matrix(rows: number, columns: number): Float32Array<ArrayBuffer> {
  const unit = (n: number, seed: number) => {
    const v = Float64Array.from(normals(n, seed));
    const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    return v.map((x) => x / norm);
  };
  const u = unit(rows, 3), v = unit(columns, 4), side = Math.min(rows, columns);
  const s = Float64Array.from(
    { length: Math.max(rows, columns) },
    (_, i) => i < side ? sigma(i) : 0,
  );
  let middle = 0;
  for (let i = 0; i < side; i++) middle += s[i]! * u[i]! * v[i]!;
  const values = new Float32Array(rows * columns);
  for (let i = 0, at = 0; i < rows; i++) {
    const left = i < side ? s[i]! * v[i]! : 0;
    for (let j = 0; j < columns; j++, at++) {
      const right = j < side ? s[j]! * u[j]! : 0;
      values[at] = (i === j ? s[i]! : 0) - 2 * u[i]! * right - 2 * left * v[j]! +
        4 * u[i]! * v[j]! * middle;
    }
  }
  return values;
}

const errorOf = (values: ArrayLike<number>) =>
  Math.max(...Array.from(values, (value, i) => Math.abs(value / sigma(i) - 1)));
const best = ({ times }: Figure) => Math.min(...times);
const median = ({ times }: Figure) => times.toSorted((a, b) => a - b)[times.length >> 1]!;

const workers = [0, 1].map(() =>
  new Worker(new URL("./svd_worker.ts", import.meta.url), { type: "module" })
);

function run(worker: Worker, task: Task | Float32Array<ArrayBuffer>): Promise<Answer | null> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer | null>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(task);
  });
}

const own = (task: Omit<Task, "pair" | "leads">, threads: number): Method => async () => {
  const pair = pairMemory(task.rows, task.columns), began = performance.now();
  const [answer] = await Promise.all(
    workers.slice(0, threads).map((worker, i) => run(worker, { ...task, pair, leads: i === 0 })),
  );
  return { milliseconds: performance.now() - began, values: answer!.values };
};

/** The methods of `svd.py`, in a process that runs them one at a time. */
async function peers(file: string, rows: number, columns: number) {
  const process = new Deno.Command(Deno.env.get("PYTHON") ?? "python3", {
    args: [new URL("svd.py", import.meta.url).pathname, file, `${rows}`, `${columns}`],
    env: { OPENBLAS_NUM_THREADS: "2" },
    ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
  }).spawn();
  const input = process.stdin.getWriter();
  const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const line = async () => {
    while (!text.includes("\n")) {
      const { value, done } = await output.read();
      if (done) throw new Error("python ended");
      text += value;
    }
    const [first = ""] = text.split("\n", 1);
    text = text.slice(first.length + 1);
    return JSON.parse(first);
  };
  const method = (name: string): Method => async () => {
    await input.write(new TextEncoder().encode(`${name}\n`));
    const { seconds, values } = await line();
    return { milliseconds: 1000 * seconds, values };
  };
  const names: string[] = await line();
  const close = async () => {
    await input.close();
    await process.status;
  };
  return { methods: names.map((name) => [name, method(name)] as const), close };
}

/** A job of the GPU's worker, the device being open. */
async function onGpu(
  { backends, name, rounds }: Device,
  values: Float32Array,
  rows: number,
  columns: number,
): Promise<Figure> {
  const shared = new Float32Array(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  const times: number[] = [];
  let error = 0;
  for (let round = -1; round < rounds; round++) {
    const began = performance.now();
    const found = await backends.svd({ rows, columns, values: shared }, 16);
    if (round >= 0) times.push(performance.now() - began);
    if ("notFinite" in found) throw new Error(found.notFinite);
    error = errorOf(found.values);
  }
  const size = `${rows} × ${columns}`;
  return { what: `16 values, ${name}`, own: true, size, count: 16, times, error };
}

interface Device {
  readonly backends: Backends;
  readonly name: string;
  readonly rounds: number;
}

async function device(): Promise<Device | null> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return null;
  const backends = new Backends({ choice: "gpu", tell: (message) => console.error(message) });
  await backends.ask();
  const { description, vendor } = adapter.info, name = description || vendor;
  const isSoftware = /llvmpipe|swiftshader|lavapipe/i.test(name);
  return { backends, name, rounds: isSoftware ? 2 : rounds }; // seconds each
}

/** What there is of the peers; nothing, with the reason printed, without Python. */
async function peersOf(values: Float32Array<ArrayBuffer>, rows: number, columns: number) {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, new Uint8Array(values.buffer));
    return await peers(file, rows, columns);
  } catch (error) {
    console.error(`No peers: ${(error as Error).message}`);
    return { methods: [], close: () => {} };
  } finally {
    await Deno.remove(file);
  }
}

const figures: Figure[] = [];
const gpu = await device();
if (!gpu) console.error("there is no WebGPU adapter here");
for (const [rows, columns] of sizes) {
  const values = matrix(rows, columns), size = `${rows} × ${columns}`;
  for (const worker of workers) await run(worker, values);
  const { methods, close } = await peersOf(values, rows, columns);
  const all: [name: string, own: boolean, Method][] = methods.map(([what, method]) => {
    return [what, false, method];
  });
  for (const { count, error } of asked) {
    for (const threads of [2, 1]) {
      const what = `${count === 1 ? "spectral norm" : `${count} values`}, ${threads} workers`;
      // A relative error of σ² is twice that of σ.
      all.push([what, true, own({ rows, columns, count, tolerance: 2 * error }, threads)]);
    }
  }
  const found = new Map<string, Figure>();
  for (let round = -FIRST; round < rounds; round++) {
    for (const [what, own, method] of all) {
      const { milliseconds, values } = await method();
      const times = round < 1 ? [] : found.get(what)!.times;
      if (round >= 0) times.push(milliseconds);
      found.set(what, { what, own, size, count: values.length, times, error: errorOf(values) });
    }
  }
  figures.push(...found.values());
  if (gpu) figures.push(await onGpu(gpu, values, rows, columns));
  await close();
}
for (const worker of workers) worker.terminate();
gpu?.backends.close();

for (const figure of figures) {
  const { what, size, error, count } = figure;
  const limit = asked.find((each) => each.count === count)!.error;
  const others = figures.filter((each) =>
    !each.own && each.size === size && each.count === count && each.error <= limit
  );
  const share = (of: typeof best) => (of(figure) / Math.min(...others.map(of))).toFixed(2);
  const time = (ms: number) => `${ms.toFixed(1)} ms`.padStart(10);
  const shares = figure.own && others.length > 0 ? `   × ${share(best)}, ${share(median)}` : "";
  console.log(
    `${size.padEnd(12)} ${what.padEnd(26)} ${time(best(figure))}${time(median(figure))}   ` +
      `error ${error.toExponential(1)}${shares}`,
  );
}
for (const figure of figures) {
  const { times: _, ...rest } = figure;
  console.log(JSON.stringify({ ...rest, best: best(figure), median: median(figure) }));
}
