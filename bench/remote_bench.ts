// Opening and drawing a remote model of 15 GB, 20 ms away, by connections at once:
//   deno run -A bench/remote_bench.ts [milliseconds]
import { createEngine } from "../src/tile/engine.ts";
import type { Engine, TileFormat } from "../src/tile/tile.ts";

const latency = Number(Deno.args[0] ?? 20);
const server = new Worker(new URL("./remote_server.ts", import.meta.url), { type: "module" });
const ask = <T>(message: unknown): Promise<T> =>
  new Promise((resolve) => {
    server.onmessage = ({ data }) => resolve(data);
    server.postMessage(message);
  });
const { origin } = await ask<{ origin: string }>(latency);

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  const ms = performance.now() - began;
  const { requests, bytes } = await ask<{ requests: number; bytes: number }>("counts");
  console.log(
    `  ${name.padEnd(44)}${ms.toFixed(0).padStart(6)} ms${String(requests).padStart(6)} requests` +
      `${(bytes / 1024).toFixed(0).padStart(7)} KiB`,
  );
  return result;
}

function tile(engine: Engine, layer: number, z: number, x: number, y: number, query = "") {
  const format: TileFormat = "png";
  const name = `layers.${layer}`;
  return engine.ticket({
    ...{ model: "large", layer: name, mode: "weights", z, x, y, density: 1, format },
    query: new URLSearchParams(query),
  }).tile();
}

console.log(`15 GB of bfloat16 matrices [8192, 65536], ${latency} ms away; a tile is 128 KiB`);
for (const connections of [8, 16, 32, 48, 64, 128]) {
  const folder = await Deno.makeTempDir();
  const options = {
    workers: 2,
    remote: {
      policy: { hosts: [], private: true },
      connections,
      cache: { folder, bytes: 1 << 30 },
    },
  };
  console.log(`${connections} connections`);
  const url = `${origin}/large.safetensors`;
  const engine = await timed("open", () => createEngine([url], options));
  await timed("first tile, native zoom, with a scale", () => tile(engine, 0, 8, 100, 20));
  await timed("the tile beside it", () => tile(engine, 0, 8, 101, 20));
  await timed("first tile of another layer, range given", () => {
    return tile(engine, 1, 8, 7, 9, "range=-1,1");
  });
  await timed("one zoom out (512 KiB)", () => tile(engine, 0, 7, 30, 5));
  await timed("12 tiles at once", () => {
    return Promise.all(Array.from({ length: 12 }, (_, i) => tile(engine, 0, 8, 40 + i % 4, 4 + i)));
  });
  await engine.close();
  const again = await timed("open again, with the cache on disk", () => {
    return createEngine([url], options);
  });
  await timed("the first tile again", () => tile(again, 0, 8, 100, 20));
  await again.close();
  await Deno.remove(folder, { recursive: true });
}
server.terminate();
