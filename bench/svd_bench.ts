/**
 * The 16 largest singular values and vectors, and the spectral norm to 1e-4, of float32 matrices whose i-th
 * singular value is i^−¾: two workers and one, which copy the
 * matrix to where kernels reach it and look for what is not finite each time; beside them scipy's
 * ARPACK, sklearn's randomized SVD and numpy's power iteration with two threads (`svd.py`), where python3 has them:
 *
 *     deno run -A bench/svd_bench.ts
 *
 * Figures are of the best of five. Prints a table, then a line of JSON a figure.
 */
import { pairMemory } from "../src/analysis/pair.ts";
import { normals } from "../tests/analysis/oracle.ts";
import type { Answer, Task } from "./svd_worker.ts";

const ROUNDS = 5;
const sizes = [[4096, 1024], [4096, 4096]] as const;
const sigma = (i: number) => (i + 1) ** -0.75;

interface Figure {
  readonly what: string;
  readonly size: string;
  readonly milliseconds: number;
  /** The largest relative error of its values. */
  readonly error: number;
}

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

async function own(task: Omit<Task, "pair" | "leads">, threads: number): Promise<Figure> {
  const { rows, columns, count } = task;
  let milliseconds = Infinity, error = 0;
  // The first ones are thrown away: engines compile what they run often.
  for (let round = -3; round < ROUNDS; round++) {
    const pair = pairMemory(rows, columns), began = performance.now();
    const [answer] = await Promise.all(
      workers.slice(0, threads).map((worker, i) => run(worker, { ...task, pair, leads: i === 0 })),
    );
    if (round >= 0) milliseconds = Math.min(milliseconds, performance.now() - began);
    error = errorOf(answer!.values);
  }
  const what = `${count === 1 ? "spectral norm" : `${count} values`}, ${threads} workers`;
  return { what, size: `${rows} × ${columns}`, milliseconds, error };
}

async function* peers(values: Float32Array<ArrayBuffer>, rows: number, columns: number) {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, new Uint8Array(values.buffer));
    const script = new URL("./svd.py", import.meta.url).pathname;
    const args = [script, file, `${rows}`, `${columns}`], env = { OPENBLAS_NUM_THREADS: "2" };
    const { stdout } = await new Deno.Command("python3", { args, env, stderr: "inherit" }).output();
    for (const line of new TextDecoder().decode(stdout).trim().split("\n").filter(Boolean)) {
      const { what, seconds, values } = JSON.parse(line);
      const milliseconds = 1000 * Math.min(...seconds);
      yield { what, size: `${rows} × ${columns}`, milliseconds, error: errorOf(values) };
    }
  } finally {
    await Deno.remove(file);
  }
}

const figures: Figure[] = [];
for (const [rows, columns] of sizes) {
  const values = matrix(rows, columns);
  for (const worker of workers) await run(worker, values);
  const all = { rows, columns, count: 16, tolerance: 1e-5 };
  for (const threads of [2, 1]) {
    figures.push(await own(all, threads));
    figures.push(await own({ ...all, count: 1, tolerance: 1e-4 }, threads));
  }
  try {
    for await (const figure of peers(values, rows, columns)) figures.push(figure);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("python3 is not here");
  }
}
for (const worker of workers) worker.terminate();
for (const { what, size, milliseconds, error } of figures) {
  const time = `${milliseconds.toFixed(1)} ms`.padStart(10);
  console.log(`${size.padEnd(12)} ${what.padEnd(28)} ${time}   error ${error.toExponential(1)}`);
}
for (const figure of figures) console.log(JSON.stringify(figure));
