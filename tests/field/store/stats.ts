import { STATS_BYTES, statsOf } from "../../../src/field/block_arrays.ts";
import type { BlockStats } from "../../../src/compute/ops.ts";
import { images } from "../../../src/field/store/images.ts";
import {
  type StoreContent,
  storedLevels,
  type StoredPyramid,
  writeMeans,
  writeStats,
} from "../../../src/field/store.ts";
import type { Dtype } from "../../../src/formats/format.ts";
import { edges, random } from "../../compute/samples.ts";

/** Figures, in the order of their arrays. */
export const fields = Object.values(images).flatMap((image) => image.fields);

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

/** Writes a whole level: of its figures what the level has. */
export function writeLevel(pyramid: StoredPyramid, log2: number, stats: BlockStats): void {
  if (storedLevels(pyramid).some((level) => level.log2 === log2 && level.hasStats)) {
    writeStats(pyramid, log2, 0, 0, stats);
    return;
  }
  const { width, height, mean } = stats;
  const target = { values: mean, start: 0, pitch: width };
  writeMeans(pyramid, log2, { x: 0, y: 0, width, height }, target);
}

/** Content of one layer. */
export const contentOf = (
  width: number,
  height: number,
  dtype: Dtype = "BF16",
  runsDown = false,
) =>
  ({
    key: "some content",
    title: "a model",
    format: "safetensors",
    layers: [{
      name: "../../a \u0000 layer",
      dtype,
      shape: [height, width],
      width,
      height,
      runsDown,
    }],
  }) satisfies StoreContent;

/** Paths of all files in a folder, relative to it, sorted. */
export function filesIn(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`, `${prefix}${name}/`) : [prefix + name]
  ).sort();
}
