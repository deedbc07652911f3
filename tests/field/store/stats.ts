import { STATS_BYTES, statsOf } from "../../../src/field/block_arrays.ts";
import type { BlockStats } from "../../../src/compute/ops.ts";
import { images } from "../../../src/field/store/images.ts";
import {
  CHUNK,
  type StoreContent,
  type StoredPyramid,
  writeMeans,
  writeStats,
} from "../../../src/field/store.ts";
import type { Dtype } from "../../../src/formats/format.ts";
import { edges, random } from "../../compute/samples.ts";

/** Figures, in the order of their arrays. */
export const fields = images.flatMap((image) => image.fields);

/** Arbitrary figures of a grid of blocks: of counts small ones, of others also float32's edges. */
export function someStats(width: number, height: number, seed: number): BlockStats {
  const stats = statsOf({ width, height, buffer: new ArrayBuffer(width * height * STATS_BYTES) });
  const next = random(seed);
  for (const field of fields) {
    const figures = stats[field];
    const edge = figures instanceof Uint32Array ? [0, 1, 0xffffffff] : edges;
    for (let i = 0; i < figures.length; i++) {
      figures[i] = next() < 0.1
        ? edge[Math.floor(next() * edge.length)]!
        : Math.floor(next() * 2 ** 20) / (figures instanceof Uint32Array ? 1 : 64);
    }
  }
  return stats;
}

/** Cuts a whole level into chunks and writes them. */
export function writeLevel(pyramid: StoredPyramid, log2: number, stats: BlockStats): void {
  for (let y = 0; y < stats.height; y += CHUNK) {
    for (let x = 0; x < stats.width; x += CHUNK) {
      const [width, height] = [Math.min(CHUNK, stats.width - x), Math.min(CHUNK, stats.height - y)];
      const place = [pyramid, log2, x / CHUNK, y / CHUNK] as const;
      if (log2 === pyramid.base) {
        const means = stats.mean.subarray(y * stats.width + x);
        writeMeans(...place, means, stats.width, width, height);
        continue;
      }
      const part = someStats(width, height, 0);
      for (const field of fields) {
        for (let row = 0; row < height; row++) {
          const from = (y + row) * stats.width + x;
          part[field].set(stats[field].subarray(from, from + width), row * width);
        }
      }
      writeStats(...place, part);
    }
  }
}

/** Content of one layer. */
export const contentOf = (width: number, height: number, dtype: Dtype = "BF16") =>
  ({
    key: "some content",
    title: "a model",
    format: "safetensors",
    layers: [{ name: "../../a \u0000 layer", dtype, shape: [height, width], width, height }],
  }) satisfies StoreContent;

/** Paths of all files in a folder, relative to it, sorted. */
export function filesIn(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`, `${prefix}${name}/`) : [prefix + name]
  ).sort();
}
