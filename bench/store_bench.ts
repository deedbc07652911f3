/**
 * Writing and reading the levels of a store beside plain files of the same bytes, one file a level,
 * what their checksums take of it, and how long a tile takes whose file nobody has open, one thread:
 *
 *     deno run -A bench/store_bench.ts [cells a side]     TMPDIR=where
 *
 * They take turns, and ratios are of the best rounds, so that a busy machine does not decide them.
 * Files are new in each round and read from the page cache. Prints tables, then a line of JSON a
 * figure.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { wasm as ops } from "../src/compute/wasm.ts";
import { STATS_BYTES, statsOf } from "../src/field/block_arrays.ts";
import { levelsOnDisk } from "../src/field/levels/stored.ts";
import {
  ModelStore,
  readMeans,
  readStats,
  type StoreContent,
  storedLevels,
  type StoredPyramid,
  writeMeans,
  writeStats,
} from "../src/field/store.ts";
import { crc32c as plainSum } from "../src/storage/crc32c.ts";

const SIDE = Number(Deno.args[0] ?? 8192);
const ROUNDS = 12;
const TILE = 256;

const content: StoreContent = {
  ...{ key: "bench", title: "bench", format: "none" },
  layers: [
    {
      name: "layer",
      dtype: "BF16",
      shape: [SIDE, SIDE],
      width: SIDE,
      height: SIDE,
      runsDown: false,
    },
  ],
};
const layer: StoredPyramid = { folder: "", width: SIDE, height: SIDE, runsDown: false, base: 3 };
const [near, next] = storedLevels(layer).map(({ log2, width, height }) => {
  const buffer = new ArrayBuffer(width * height * STATS_BYTES);
  const stats = statsOf({ width, height, buffer });
  for (const field of ["mean", "m2", "min", "max", "gradient"] as const) {
    stats[field].forEach((_, i) => stats[field][i] = Math.sin(i) * 0.02);
  }
  stats.count.fill(4 ** log2);
  stats.positive.forEach((_, i) => stats.positive[i] = i % 257);
  return { log2, stats, whole: { x: 0, y: 0, width, height } };
}) as [Level, Level];
interface Level {
  readonly log2: number;
  readonly stats: ReturnType<typeof statsOf>;
  readonly whole: { x: number; y: number; width: number; height: number };
}
const bytesOf = ({ mean }: Level["stats"]) =>
  new Uint8Array(mean.buffer, mean.byteOffset, mean.byteLength);
const means = bytesOf(near.stats), few = bytesOf(next.stats);
/** Of the figures of a level these differ from their fill values. */
const WRITTEN = 6;

const speeds = new Map<string, number[]>();
/** Bytes of one thing of each kind. */
const sizes = new Map<string, number>();

/** Runs `work` for each of `count` things of `bytes` and keeps the speed. */
function time(what: string, count: number, bytes: number, work: (i: number) => void): void {
  const start = performance.now();
  for (let i = 0; i < count; i++) work(i);
  sizes.set(what, bytes);
  const speed = count * bytes / (performance.now() - start) / 1e3;
  speeds.set(what, [...speeds.get(what) ?? [], speed]);
}

/** Runs `work` in a folder that is new, so that no round pays for what others left to the disk. */
function inFolder(work: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    work(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function inStore(work: (pyramid: StoredPyramid) => void): void {
  inFolder((folder) => {
    const store = ModelStore.open(folder, content);
    work(store.layer(0));
    store.close();
  });
}

/** Rectangles of a tile anywhere on a level, as regions of a map lie. */
const places = ({ whole }: Level) =>
  Array.from({ length: 24 }, (_, i) => ({
    x: (i * 37) % Math.max(1, whole.width - TILE),
    y: (i * 53) % Math.max(1, whole.height - TILE),
    width: Math.min(TILE, whole.width),
    height: Math.min(TILE, whole.height),
  }));

const meansInto = { values: near.stats.mean.slice(), start: 0, pitch: near.whole.width };
const { width, height } = next.whole;
const statsInto = statsOf({ width, height, buffer: new ArrayBuffer(width * height * STATS_BYTES) });
const tile = { values: new Float32Array(TILE * TILE), start: 0, pitch: TILE };

for (let round = 0; round < ROUNDS; round++) {
  inFolder((folder) => {
    time("plain file written", 1, means.length, () => writeFileSync(`${folder}/0`, means));
    time("plain file read", 1, means.length, () => readFileSync(`${folder}/0`));
    const names = Array.from({ length: WRITTEN }, (_, i) => `${folder}/${i + 1}`);
    time("plain files written", WRITTEN, few.length, (i) => writeFileSync(names[i]!, few));
    time("plain files read", WRITTEN, few.length, (i) => readFileSync(names[i]!));
  });
  inStore((pyramid) => {
    const { log2, whole, stats } = near;
    const target = { values: stats.mean, start: 0, pitch: whole.width };
    time("means written", 1, means.length, () => writeMeans(pyramid, log2, whole, target));
    time("means read", 1, means.length, () => readMeans(pyramid, log2, whole, meansInto));
    const same = meansInto.values.every((mean, i) => mean === stats.mean[i]);
    if (!same) throw new Error("what was read is not what was written");
    const all = WRITTEN * few.length;
    time("statistics written", 1, all, () => writeStats(pyramid, next.log2, 0, 0, next.stats));
    time("statistics read", 1, all, () => readStats(pyramid, next.log2, 0, 0, statsInto));
    const anywhere = places(near), further = places(next);
    time(
      "tile of means",
      anywhere.length,
      TILE * TILE * 4,
      (i) => levelsOnDisk(pyramid, ops).means(log2, anywhere[i]!, tile),
    );
    time(
      "tile of statistics",
      further.length,
      TILE * TILE * 4 * WRITTEN,
      (i) => ops.frame(() => levelsOnDisk(pyramid, ops).stats(ops, next.log2, further[i]!)),
    );
    // Which no other round has merged: each is a folder of its own.
    time(
      "all further statistics",
      1,
      all,
      () =>
        ops.frame(() =>
          levelsOnDisk(pyramid, ops).stats(ops, 20, { x: 0, y: 0, width: 1, height: 1 })
        ),
    );
  });
  ops.frame(() => {
    const near = ops.scratch(means.length);
    near.set(means);
    time("checksum", 1, means.length, () => ops.crc32c(near));
  });
  time("checksum in plain TypeScript", 1, means.length, () => plainSum(means));
}

const best = (what: string) => Math.max(...speeds.get(what)!);
const beside: Readonly<Record<string, string>> = {
  "means written": "plain file written",
  "statistics written": "plain files written",
  "means read": "plain file read",
  "statistics read": "plain files read",
  "checksum": "checksum in plain TypeScript",
};
console.log(`A layer of ${SIDE} × ${SIDE} cells\n`);
console.log("| | MB/s | ms | beside |");
console.log("| --- | ---: | ---: | --- |");
const figures = [...speeds.keys()].map((what) => ({
  ...{ what, speed: best(what), ms: sizes.get(what)! / best(what) / 1e3 },
  ...(beside[what] ? { beside: beside[what], ratio: best(what) / best(beside[what]) } : {}),
}));
for (const { what, speed, ms, ...other } of figures) {
  const against = other.ratio ? `${other.ratio.toFixed(2)} of ${other.beside}` : "";
  console.log(`| ${what} | ${speed.toFixed(0)} | ${ms.toFixed(2)} | ${against} |`);
}
console.log();
for (const figure of figures) console.log(JSON.stringify(figure));
