/**
 * The landscape of a model's norms: 16 bfloat16 matrices of 4096², half a gigabyte that the system has in
 * memory. The first tile of an engine that was just opened, which reads all of them, beside numpy's norms
 * of their rows (one thread, some rows at a time); another tile, and the same under another light. Two
 * workers; milliseconds:
 *
 *     deno run -A bench/norms_bench.ts
 */
import { createEngine } from "../src/tile/engine.ts";
import { bf16Model } from "./models.ts";
import { hasNumpy } from "./peers.ts";

const SIDE = 4096, COUNT = 16, ROUNDS = 5;
/** Milliseconds in which workers have loaded their code: a server that waits for its first request. */
const REST = 900;
const rounded = (ms: number) => Math.round(ms * 10) / 10;
const told = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  return `${rounded(sorted[sorted.length >> 1]!)} ms, best ${rounded(sorted[0]!)}`;
};

const path = bf16Model(SIDE, COUNT);
const first: number[] = [], second: number[] = [], lit: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const engine = await createEngine([path], { workers: 2 });
  try {
    await new Promise((done) => setTimeout(done, REST));
    const [model] = engine.models();
    const draw = async (z: number, query = "") => {
      const began = performance.now();
      await engine.ticket({
        ...{ model: model!.id, layer: "_", mode: "norms", z, x: 0, y: 0, density: 1 },
        ...{ format: "png", query: new URLSearchParams(query) },
      }).tile();
      return performance.now() - began;
    };
    first.push(await draw(0));
    second.push(await draw(1));
    lit.push(await draw(1, "azimuth=45"));
  } finally {
    await engine.close();
  }
}
console.log(`first tile      ${told(first)}`);
console.log(`another         ${told(second)}`);
console.log(`another light   ${told(lit)}`);
if (hasNumpy()) {
  const args = [new URL("norms.py", import.meta.url).pathname, path];
  const { stdout } = await new Deno.Command("python3", { args, stderr: "inherit" }).output();
  const peer = 1000 * Number(new TextDecoder().decode(stdout));
  const share = (Math.min(...first) / peer).toFixed(2);
  console.log(`numpy's norms   ${rounded(peer)} ms: the first tile takes ${share} of its time`);
}
