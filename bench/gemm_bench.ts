/**
 * Dense linear algebra in GFLOP/s, copies from and to ordinary memory included: C = A·B of 1024³ with relaxed SIMD
 * and plain, on one worker and on two (bands of rows over the pool, shared memory); AᵀA of 1024², of which the
 * triangle is counted; AᵀA·x of 4096² in one pass, in GB/s of A. Beside them `gemm.c` and `gemm.py` (OpenBLAS, one
 * thread and two, and its 128-bit kernels), where gcc, python3 and numpy are found. C = A·B and A^16, rows made to
 * sum to 1 at each squaring, by a GPU too where there is a WebGPU adapter, upload and readback included; it is named,
 * as a CPU may play a GPU:
 *
 *     deno run -A bench/gemm_bench.ts
 *
 * Rounds take turns; figures are of the best ones. Prints a table, then a line of JSON a figure.
 */
import { compilePeer, hasNumpy } from "./peers.ts";
import { openGpu } from "../src/compute/gpu/device.ts";
import { gpuGemm } from "../src/compute/gpu/gemm.ts";
import { gpuPowers } from "../src/compute/gpu/powers.ts";
import { rowBands } from "../src/compute/matrices.ts";
import type { Product, Target } from "../src/compute/ops.ts";
import { Pool } from "../src/compute/pool.ts";
import { wasm } from "../src/compute/wasm.ts";
import type { Share } from "./gemm_worker.ts";

const ROUNDS = 4, TIMES = 6, SIDE = 1024, TALL = 4096;

interface Figure {
  readonly what: string;
  readonly name: string;
  readonly unit: string;
  /** Operations, or bytes, of one repetition. */
  readonly work: number;
  best: number;
}
const figures: Figure[] = [];

const units = {
  gemm: { unit: "GFLOP/s", work: 2 * SIDE ** 3 },
  gram: { unit: "GFLOP/s", work: SIDE ** 3 },
  powers: { unit: "GFLOP/s", work: 4 * 2 * SIDE ** 3 },
  normal: { unit: "GB/s", work: 4 * TALL ** 2 },
  read: { unit: "GB/s", work: 4 * TALL ** 2 },
} as const;
type What = keyof typeof units;

function figureOf(what: What, name: string): Figure {
  const figure = { what, name, ...units[what], best: 0 };
  figures.push(figure);
  return figure;
}

const note = (figure: Figure, seconds: number) =>
  figure.best = Math.max(figure.best, figure.work / seconds / 1e9);

/** As `gemm.c` makes them. */
function numbers(length: number, seed: number, shared: boolean): Float32Array {
  const values = new Float32Array(
    shared ? new SharedArrayBuffer(length * 4) : new ArrayBuffer(length * 4),
  );
  for (let i = 0; i < length; i++) {
    let bits = Math.imul(i + seed, 2654435761);
    bits = Math.imul(bits ^ (bits >>> 15), 2246822519);
    values[i] = (bits >>> 8) / 2 ** 23 - 1;
  }
  return values;
}

function timed(figure: Figure, work: () => void): void {
  for (let i = 0; i < TIMES; i++) {
    const began = performance.now();
    work();
    note(figure, (performance.now() - began) / 1e3);
  }
}

/** A peer's repetitions; its last but one number is checked against ours. */
async function runPeer(
  figure: Figure,
  command: string[],
  env: Record<string, string>,
  want: number,
) {
  const side = figure.what === "gemm" || figure.what === "gram" ? SIDE : TALL;
  const [program, ...args] = [...command, figure.what, `${side}`, `${TIMES}`];
  const { success, stdout, stderr } = await new Deno.Command(program!, { args, env }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  const { seconds, check } = JSON.parse(new TextDecoder().decode(stdout));
  if (!(Math.abs(check - want) <= 1e-3 * (1 + Math.abs(want)))) {
    throw new Error(`${figure.what} of ${figure.name} is ${check}, not ${want}`);
  }
  note(figure, Math.min(...seconds));
}

const rows = (values: Float32Array, pitch: number): Target => ({ values, start: 0, pitch });
const [a, b] = [1, 2].map((seed) => rows(numbers(SIDE ** 2, seed, true), SIDE)) as [Target, Target];
const c = rows(new Float32Array(new SharedArrayBuffer(SIDE ** 2 * 4)), SIDE);
const side = { m: SIDE, n: SIDE, k: SIDE };
const product: Product = { ...side, transposed: "none", alpha: 1, beta: 0 };
const square = rows(numbers(SIDE ** 2, 1, false), SIDE), out = new Float64Array(SIDE ** 2);
const walk = square.values.map((x) => (x + 1) / SIDE);
const large = rows(numbers(TALL ** 2, 1, false), TALL);
const x = Float64Array.from(numbers(TALL, 2, false)), y = new Float64Array(TALL);

const pool = new Pool<Share>(new URL("gemm_worker.ts", import.meta.url), 2);
const multiply = (relaxed: boolean, workers: number) =>
  Promise.all(
    rowBands(a, product, c, workers).map((band) => pool.run({ context: "", relaxed, band, b })),
  );
const ours = [true, false].flatMap((relaxed) =>
  [1, 2].map((workers) => {
    const name = `synaptile ${relaxed ? "relaxed" : "plain"}, ${workers} of its workers`;
    return { figure: figureOf("gemm", name), relaxed, workers };
  })
);
const gram = figureOf("gram", "synaptile"), normal = figureOf("normal", "synaptile");
const near = figureOf("normal", "synaptile, A in scratch");

const program = compilePeer("gemm.c", "-msse4.1");
const peers: { figure: Figure; command: string[]; env: Record<string, string> }[] = [];
if (program) {
  for (const what of ["gemm", "gram", "normal", "read"] as const) {
    peers.push({ figure: figureOf(what, "gcc -msse4.1"), command: [program], env: {} });
  }
}
if (hasNumpy()) {
  const command = ["python3", new URL("gemm.py", import.meta.url).pathname];
  for (const what of ["gemm", "gram", "normal"] as const) {
    for (const threads of ["1", "2"]) {
      const env = { OPENBLAS_NUM_THREADS: threads };
      peers.push({ figure: figureOf(what, `numpy, ${threads} of its threads`), command, env });
    }
  }
  const env = { OPENBLAS_NUM_THREADS: "1", OPENBLAS_CORETYPE: "Nehalem" };
  peers.push({ figure: figureOf("gemm", "numpy, SSE kernels, 1 thread"), command, env });
}

const gpu = await openGpu();
const onGpu = gpu && {
  gemm: await gpuGemm(gpu),
  powers: await gpuPowers(gpu),
  figures: [figureOf("gemm", gpu.name), figureOf("powers", gpu.name)] as const,
  times: gpu.software ? 1 : TIMES, // seconds each
};

await multiply(true, 2);
const checks: Record<string, number> = { gemm: c.values[SIDE ** 2 - 2]!, read: 0 };
for (let round = 0; round < ROUNDS; round++) {
  for (const { figure, relaxed, workers } of ours) {
    for (let i = 0; i < TIMES; i++) {
      const began = performance.now();
      await multiply(relaxed, workers);
      note(figure, (performance.now() - began) / 1e3);
    }
  }
  for (let i = 0; onGpu && i < onGpu.times; i++) {
    const { gemm, powers, figures: [one, power] } = onGpu;
    let began = performance.now();
    await gemm(a, b, product, { ...c, values: new Float32Array(SIDE ** 2) });
    note(one, (performance.now() - began) / 1e3);
    began = performance.now();
    await powers(walk, SIDE, 4);
    note(power, (performance.now() - began) / 1e3);
  }
  timed(gram, () => wasm.gram(square, SIDE, SIDE, "columns", out.fill(0)));
  timed(normal, () => wasm.gemv(large, TALL, TALL, "normal", x, y.fill(0)));
  wasm.frame(() => {
    const bytes = wasm.scratch(TALL ** 2 * 4);
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, TALL ** 2);
    values.set(large.values);
    timed(near, () => wasm.gemv({ ...large, values }, TALL, TALL, "normal", x, y.fill(0)));
  });
  [checks.gram, checks.normal] = [out[SIDE ** 2 - 2]!, y[TALL - 2]!];
  for (const { figure, command, env } of peers) {
    await runPeer(figure, command, env, checks[figure.what]!);
  }
}
pool.close();
gpu?.destroy();
if (program) Deno.removeSync(program);

const find = (what: string, name: string) =>
  figures.find((figure) => figure.what === what && figure.name.startsWith(name))?.best;
console.log("| | | | of gcc -msse4.1 | of one worker | of numpy, 1 thread | of reading |");
console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
for (const { what, name, unit, best } of figures) {
  const ratios = [
    find(what, "gcc"),
    find(what, name.replace("2 of its", "1 of its")),
    find(what, "numpy, 1"),
    what === "normal" ? find("read", "gcc") : undefined,
  ].map((base) => base && base !== best ? (best / base).toFixed(2) : "");
  console.log(`| ${[what, name, `${best.toFixed(1)} ${unit}`, ...ratios].join(" | ")} |`);
}
console.log();
for (const figure of figures) console.log(JSON.stringify(figure));
