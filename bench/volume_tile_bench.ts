/**
 * Tiles of engines that were just opened, in milliseconds: of mode `voxels`, of a bfloat16 tensor whose
 * volume is 256³, by WASM with two workers and by a GPU where there is an adapter; and of mode
 * `automaton` at t = 32 of a 4096² layer. The files lie in the page cache. Medians:
 *
 *     deno run -A bench/volume_tile_bench.ts [part of a row's name]
 */
import { createEngine, type EngineOptions } from "../src/tile/engine.ts";
import type { Address, Tile } from "../src/tile/tile.ts";
import { openGpu } from "../src/compute/gpu/device.ts";
import { bf16Model } from "./models.ts";

const ROUNDS = 5;
const WARM = 3;
/** Milliseconds in which workers have loaded their code: a server that waits for its first request. */
const REST = 700;

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;
const now = () => performance.now();

interface Case {
  readonly what: string;
  readonly model: string;
  readonly mode: string;
  readonly place?: Partial<Address>;
  readonly query: string;
  /** What distinguishes warm tiles: another query for each. */
  readonly next: (i: number) => string;
  readonly options: EngineOptions;
}

const addressOf = (model: string, layer: string, mode: string, query: string): Address => ({
  ...{ model, layer, mode, z: 0, x: 0, y: 0, density: 1, format: "png" },
  query: new URLSearchParams(query),
});

async function measure({ what, model, mode, place, query, next, options }: Case): Promise<void> {
  if (!what.includes(Deno.args[0] ?? "")) return;
  const cold: number[] = [], second: number[] = [], warm: number[] = [], opening: number[] = [];
  const stages: Tile["timings"][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = now();
    const engine = await createEngine([model], { workers: 2, ...options });
    opening.push(now() - began);
    try {
      await new Promise((done) => setTimeout(done, REST));
      const [{ id, layers }] = engine.models() as [ReturnType<typeof engine.model>];
      const draw = async (query: string) => {
        const start = now();
        const tile = await engine.ticket({
          ...addressOf(id, layers[0]!.name, mode, query),
          ...place,
        }).tile();
        stages.push(tile.timings);
        return now() - start;
      };
      cold.push(await draw(query));
      second.push(await draw(next(0)));
      for (let i = 1; i <= WARM; i++) warm.push(await draw(next(i)));
    } finally {
      await engine.close();
    }
  }
  const ms = (values: readonly number[]) => median(values).toFixed(0).padStart(6);
  const drawn = median(stages.map(({ draw }) => draw)), file = median(stages.map((t) => t.encode));
  console.log(
    what.padEnd(28),
    ...[opening, cold, second, warm].map(ms),
    drawn.toFixed(1).padStart(7),
    file.toFixed(1).padStart(7),
  );
}

const volume = bf16Model([256, 65536], 1), plane = bf16Model([4096, 4096], 1);
console.log("".padEnd(28), "  open", "  cold", "second", "  warm", "   draw", " encode", "(ms)");
const gpu = await openGpu();
gpu?.destroy();
for (const render of ["composite", "composite&shading=0", "maximum", "iso", "cubes"]) {
  const query = `render=${render}`, next = (i: number) => `${query}&yaw=${40 + i}`;
  const voxels = { model: volume, mode: "voxels", query, next };
  await measure({ ...voxels, what: `voxels ${render}, wasm`, options: {} });
  if (!gpu) continue;
  const options = { backend: "gpu" } as const;
  const name = gpu.software ? "software gpu" : "gpu";
  await measure({ ...voxels, what: `voxels ${render}, ${name}`, options });
}
const next = (i: number) => `t=32&alpha=${0.1 + i / 100}`;
const automaton = { model: plane, mode: "automaton", options: {}, query: "t=32", next };
await measure({ ...automaton, what: "automaton, all of it" });
await measure({ ...automaton, what: "automaton, native zoom", place: { z: 4, x: 7, y: 5 } });
