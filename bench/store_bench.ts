/**
 * Writing and reading the chunks of a store beside plain files of the same bytes, in MB/s, and what
 * their checksums take of it, one thread:
 *
 *     deno run -A bench/store_bench.ts [chunks]     TMPDIR=where
 *
 * They take turns, and ratios are of the best rounds, so that a busy machine does not decide them.
 * Files are new in each round and read from the page cache. Prints a table, then a line of
 * JSON a figure.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { crc32c as plainSum } from "../src/storage/crc32c.ts";
import { wasm as ops } from "../src/compute/wasm.ts";
import { STATS_BYTES, statsOf } from "../src/field/block_arrays.ts";
import {
  CHUNK,
  ModelStore,
  readMeans,
  readStats,
  type StoreContent,
  type StoredPyramid,
  writeMeans,
  writeStats,
} from "../src/field/store.ts";

const CHUNKS = Number(Deno.args[0] ?? 144);
const ROUNDS = 12;
const BYTES = CHUNK * CHUNK * 4;

const stats = statsOf({
  ...{ width: CHUNK, height: CHUNK },
  buffer: new ArrayBuffer(CHUNK * CHUNK * STATS_BYTES),
});
for (const field of ["mean", "m2", "min", "max", "gradient"] as const) {
  stats[field].forEach((_, i) => stats[field][i] = Math.sin(i) * 0.02);
}
stats.count.fill(256);
stats.positive.forEach((_, i) => stats.positive[i] = i % 257);
const plain = new Uint8Array(stats.mean.buffer, stats.mean.byteOffset, BYTES);

const speeds = new Map<string, number[]>();

/** Runs `work` for each of `count` things of `bytes` and keeps the speed. */
function time(what: string, count: number, bytes: number, work: (i: number) => void): void {
  const start = performance.now();
  for (let i = 0; i < count; i++) work(i);
  const speed = count * bytes / (performance.now() - start) / 1e3;
  speeds.set(what, [...speeds.get(what) ?? [], speed]);
}

const across = Math.ceil(Math.sqrt(CHUNKS));
const half = Math.ceil(across / 2);
const side = across * CHUNK * 8;
const content: StoreContent = {
  ...{ key: "bench", title: "bench", format: "none" },
  layers: [{ name: "layer", dtype: "BF16", shape: [side, side], width: side, height: side }],
};

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

for (let round = 0; round < ROUNDS; round++) {
  inFolder((folder) => {
    time("plain files written", CHUNKS, BYTES, (i) => writeFileSync(`${folder}/${i}`, plain));
    time("plain files read", CHUNKS, BYTES, (i) => readFileSync(`${folder}/${i}`));
  });
  inStore((pyramid) => {
    const place = (i: number) => [pyramid, 3, i % across, Math.floor(i / across)] as const;
    const write = (i: number) => writeMeans(...place(i), stats.mean, CHUNK, CHUNK, CHUNK);
    time("means written", CHUNKS, BYTES, write);
    time("means read", CHUNKS, BYTES, (i) => readMeans(...place(i)));
    const same = readMeans(...place(0)).every((mean, i) => mean === stats.mean[i]);
    if (!same) throw new Error("what was read is not what was written");
  });
  inStore((pyramid) => {
    const place = (i: number) => [pyramid, 4, i % half, Math.floor(i / half)] as const;
    // Six figures differ from their fill values.
    const count = Math.ceil(CHUNKS / 6);
    time("statistics written", count, 6 * BYTES, (i) => writeStats(...place(i), stats));
    time("statistics read", count, 6 * BYTES, (i) => readStats(...place(i)));
  });
  ops.frame(() => {
    const near = ops.scratch(BYTES);
    near.set(plain);
    time("checksum", CHUNKS, BYTES, () => ops.crc32c(near));
  });
  time("checksum in plain TypeScript", CHUNKS, BYTES, () => plainSum(plain));
}

const best = (what: string) => Math.max(...speeds.get(what)!);
const beside: Readonly<Record<string, string>> = {
  "means written": "plain files written",
  "statistics written": "plain files written",
  "means read": "plain files read",
  "statistics read": "plain files read",
  "checksum": "checksum in plain TypeScript",
};
console.log(`${CHUNKS} chunks of 256 × 256\n`);
console.log("| | MB/s | µs a file of 256 KiB | beside |");
console.log("| --- | ---: | ---: | --- |");
const figures = [...speeds.keys()].map((what) => ({
  ...{ what, speed: best(what), micros: BYTES / best(what) },
  ...(beside[what] ? { beside: beside[what], ratio: best(what) / best(beside[what]) } : {}),
}));
for (const { what, speed, micros, ...other } of figures) {
  const against = other.ratio ? `${other.ratio.toFixed(2)} of ${other.beside}` : "";
  console.log(`| ${what} | ${speed.toFixed(0)} | ${micros.toFixed(0)} | ${against} |`);
}
console.log();
for (const figure of figures) console.log(JSON.stringify(figure));
