/**
 * Jacobians of two bundled captures, a network of products and one of convolutions: the first tile of an
 * engine that was just opened, for which the network is told from what it gave, one of another sample, and
 * one of a convolution's 8,192 results by 64 probes; with one worker. Milliseconds:
 *
 *     deno run -A bench/jacobian_bench.ts
 */
import { createEngine } from "../src/tile/engine.ts";

const ROUNDS = 5;
/** Milliseconds in which workers have loaded their code: a server that waits for its first request. */
const REST = 900;
const captures = new URL("../fixtures/captures/", import.meta.url).pathname;
const told = (times: readonly number[]) => {
  const sorted = times.toSorted((a, b) => a - b);
  return `${Math.round(sorted[sorted.length >> 1]!)} ms, best ${Math.round(sorted[0]!)}`;
};

const asked = [
  ["digits-mlp, first tile", "digits-mlp", "l4", "sample=0"],
  ["digits-mlp, another sample", "digits-mlp", "l4", "sample=1"],
  ["digits-cnn, first tile", "digits-cnn", "fc2", "sample=0"],
  ["digits-cnn, another sample", "digits-cnn", "fc2", "sample=1"],
  ["digits-cnn, 64 probes of conv1", "digits-cnn", "conv1", "sample=1"],
] as const;
const times = asked.map((): number[] => []);
for (let round = 0; round < ROUNDS; round++) {
  const engine = await createEngine([captures], { workers: 1 });
  try {
    await new Promise((done) => setTimeout(done, REST));
    for (const [i, [, model, layer, query]] of asked.entries()) {
      const began = performance.now();
      await engine.ticket({
        ...{ model, layer, mode: "jacobian", z: 3, x: 0, y: 0, density: 1, format: "png" },
        query: new URLSearchParams(query),
      }).tile();
      times[i]!.push(performance.now() - began);
    }
  } finally {
    await engine.close();
  }
}
for (const [i, [name]] of asked.entries()) console.log(name.padEnd(34) + told(times[i]!));
