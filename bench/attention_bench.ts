/**
 * Attention of 12 heads and 1024 positions, as a capture holds it: the first tile of one head's A^4 of an
 * engine that was just opened, another tile of it, and A^16 of all heads one after the other beside numpy's
 * float32 (as many threads as it takes), with two workers. Milliseconds:
 *
 *     deno run -A bench/attention_bench.ts
 */
import { safetensorsFile } from "../src/formats/safetensors_file.ts";
import { createEngine } from "../src/tile/engine.ts";

const HEADS = 12, N = 1024, ROUNDS = 5;
/** Milliseconds in which workers have loaded their code: a server that waits for its first request. */
const REST = 900;
const now = () => performance.now();
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const rounded = (ms: number) => Math.round(ms * 10) / 10;

/** Rows of positive numbers that sum to 1, of what lies before each position. */
function attention(): Float32Array {
  const values = new Float32Array(HEADS * N * N);
  let state = 1;
  for (let row = 0; row < HEADS * N; row++) {
    const last = row % N;
    let sum = 0;
    for (let i = 0; i <= last; i++) {
      state = Math.imul(state, 1664525) + 1013904223 >>> 0;
      sum += values[row * N + i] = Math.exp(4 * state / 2 ** 32);
    }
    for (let i = 0; i <= last; i++) values[row * N + i]! /= sum;
  }
  return values;
}

async function measure(folder: string): Promise<void> {
  const first: number[] = [], second: number[] = [], all: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const engine = await createEngine([folder], { workers: 2 });
    try {
      await new Promise((done) => setTimeout(done, REST));
      const draw = async (head: number, power: number, z: number) => {
        const began = now();
        await engine.ticket({
          ...{ model: "capture", layer: "a", mode: "attention", z, x: 0, y: 0, density: 1 },
          ...{ format: "png", query: new URLSearchParams({ head: `${head}`, power: `${power}` }) },
        }).tile();
        return now() - began;
      };
      first.push(await draw(0, 4, 0));
      second.push(await draw(0, 4, 1));
      const began = now();
      for (let head = 0; head < HEADS; head++) await draw(head, 16, 0);
      all.push(now() - began);
    } finally {
      await engine.close();
    }
  }
  console.log(
    `first tile of A^4     ${rounded(median(first))} ms, best ${rounded(Math.min(...first))}`,
  );
  console.log(`another tile of it    ${rounded(median(second))} ms`);
  const { stdout } = await new Deno.Command("python3", {
    args: [new URL("attention.py", import.meta.url).pathname, `${HEADS}`, `${N}`],
    stderr: "inherit",
  }).output();
  const peer = 1000 * Number(new TextDecoder().decode(stdout));
  const ours = median(all), best = Math.min(...all);
  console.log(`A^16 of ${HEADS} heads      ${rounded(ours)} ms, best ${rounded(best)}`);
  console.log(
    `numpy's products alone ${rounded(peer)} ms: ${(best / peer).toFixed(2)} of its time`,
  );
}

const home = await Deno.makeTempDir();
try {
  const folder = `${home}/capture`;
  await Deno.mkdir(folder);
  const values = attention();
  const bytes = new Uint8Array(values.buffer);
  const file = safetensorsFile([{ name: "attn/a", dtype: "F32", shape: [HEADS, N, N], bytes }]);
  const whole = new Uint8Array(await new Blob([...file]).arrayBuffer());
  await Deno.writeFile(`${folder}/a.safetensors`, whole);
  const steps = [{ step: 0, file: "a.safetensors" }];
  await Deno.writeTextFile(`${folder}/capture.json`, JSON.stringify({ steps }));
  await measure(folder);
} finally {
  await Deno.remove(home, { recursive: true });
}
