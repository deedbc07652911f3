/**
 * The summary of an embedding that is larger than the memory it may use: float32, with 24 singular
 * values that are known. Its 16 largest must be those, to 1e-5:
 *
 *     deno run -A bench/embedding_bench.ts [rows] [columns]     128256 × 4096 unless given: 2.1 GB
 *
 * Needs `deno task build`. Prints the time of `inspect --statistics`, process start and all, its
 * largest resident memory, and the largest relative error.
 */
import { fileOf, writeAll } from "./models.ts";
import { MemoryWatch, own } from "./own.ts";

const [rows = 128256, columns = 4096] = Deno.args.map(Number);
const RANK = 24;
const sigma = (k: number) => 1000 * (k + 1) ** -0.75;

/** Component i of the k-th vector of an orthonormal basis of so many dimensions: a cosine. */
const wave = (i: number, k: number, n: number) =>
  Math.sqrt(2 / n) * Math.cos(Math.PI * (i + 0.5) * (k + 1) / n);

const path = embedding();
const { command, args, env } = own("inspect", path, "--statistics", "--json");
const start = performance.now();
const child = new Deno.Command(command, { args, env, stdout: "piped" }).spawn();
const memory = new MemoryWatch(child.pid);
const { success, stdout } = await child.output();
const seconds = (performance.now() - start) / 1000;
memory.stop();
if (!success) throw new Error("inspect failed");
const { summary } = JSON.parse(new TextDecoder().decode(stdout)).tensors[0];
const error = Math.max(
  ...summary.singular_values.map((value: number, k: number) => Math.abs(value / sigma(k) - 1)),
);
console.log(
  `${rows} × ${columns}: ${seconds.toFixed(1)} s, ${memory.peak.toFixed(0)} MiB, ` +
    `${summary.singular_values.length} singular values to ${error.toExponential(1)}`,
);
if (!(error <= 1e-5)) Deno.exit(1);

function embedding(): string {
  const entry = { dtype: "F32", shape: [rows, columns], data_offsets: [0, rows * columns * 4] };
  const across = Array.from(
    { length: RANK },
    (_, k) => Float64Array.from({ length: columns }, (_, j) => sigma(k) * wave(j, k, columns)),
  );
  return fileOf(`embedding-${rows}x${columns}`, [["embedding.weight", entry]], (file) => {
    const row = new Float32Array(columns), sums = new Float64Array(columns);
    for (let i = 0; i < rows; i++) {
      sums.fill(0);
      for (const [k, values] of across.entries()) {
        const weight = wave(i, k, rows);
        for (let j = 0; j < columns; j++) sums[j]! += weight * values[j]!;
      }
      row.set(sums);
      writeAll(file, new Uint8Array(row.buffer));
    }
  });
}
