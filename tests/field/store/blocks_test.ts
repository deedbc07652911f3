import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { BlockStats } from "../../../src/compute/ops.ts";
import { wasm } from "../../../src/compute/wasm.ts";
import { STATS_BYTES, statsOf } from "../../../src/field/block_arrays.ts";
import type { Rect } from "../../../src/field/cells.ts";
import {
  CorruptChunk,
  readMeans,
  readStats,
  type StoredLevel,
  storedLevels,
  type StoredPyramid,
  writeMeans,
  writeStats,
} from "../../../src/field/store.ts";
import { crc32c } from "../../../src/storage/crc32c.ts";
import { inFolder } from "../../storage/folder.ts";
import { fields, filesIn, someStats, writeLevel } from "./stats.ts";

const bitsOf = (values: Float32Array | Uint32Array) =>
  new Uint32Array(values.buffer, values.byteOffset, values.length);

/** Throws unless a rectangle that was read holds the level's figures there, bit for bit. */
function assertPart(
  found: Float32Array | Uint32Array,
  figures: Float32Array | Uint32Array,
  level: { width: number },
  { x, y, width, height }: Rect,
  what: string,
): void {
  assertEquals(found.length, width * height);
  const [is, was] = [bitsOf(found), bitsOf(figures)];
  const wrong = is.findIndex((bits, i) =>
    bits !== was[(y + Math.floor(i / width)) * level.width + x + i % width]
  );
  assert(wrong < 0, `${what}: entry ${wrong} is ${found[wrong]}`);
}

/** Means of a rectangle, read into the middle of other values, which stay. */
function meansOf(pyramid: StoredPyramid, log2: number, blocks: Rect): Float32Array {
  const pitch = blocks.width + 3;
  const values = new Float32Array(5 + pitch * blocks.height).fill(7);
  readMeans(pyramid, log2, blocks, { values, start: 5, pitch });
  const inside = (i: number) => i >= 5 && (i - 5) % pitch < blocks.width;
  assert(values.every((value, i) => inside(i) || value === 7));
  return values.filter((_, i) => inside(i));
}

function statsIn(pyramid: StoredPyramid, log2: number, { x, y, width, height }: Rect): BlockStats {
  const buffer = new ArrayBuffer(width * height * STATS_BYTES);
  const stats = statsOf({ width, height, buffer });
  for (const field of fields) stats[field].fill(7);
  readStats(pyramid, log2, x, y, stats);
  return stats;
}

const whole = ({ width, height }: { width: number; height: number }): Rect => ({
  ...{ x: 0, y: 0, width, height },
});

/** Cells that a block of a layer has. */
const cellsOf = ({ width, height }: StoredPyramid, log2: number, x: number, y: number) =>
  Math.min(2 ** log2, width - x * 2 ** log2) * Math.min(2 ** log2, height - y * 2 ** log2);

// Ragged sizes at base 3: levels of one file, of several, of several chunks, long and narrow ones.
const side = fc.oneof(
  fc.integer({ min: 1, max: 2100 }),
  fc.constantFrom(1, 7, 8, 9, 2047, 2048, 2049, 2304, 2560, 3000, 4095, 4096, 4097, 5120),
);
const shape = fc.oneof(
  fc.tuple(side, side),
  fc.constantFrom([70_000, 20], [20, 70_000], [66_000, 4200], [9000, 9000]),
);

Deno.test("any rectangle of a level holds what was written to it, bit for bit", () =>
  inFolder(async (root) => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(shape, fc.boolean(), fc.nat(), fc.infiniteStream(fc.nat()), async (
        [width, height],
        runsDown,
        seed,
        numbers,
      ) => {
        const pyramid = { ...{ folder: `${root}/${runs++}`, width, height, runsDown, base: 3 } };
        const pick = (most: number) => numbers.next().value as number % most;
        for (const level of storedLevels(pyramid)) {
          const { log2, hasStats } = level;
          const stats = someStats(level.width, level.height, seed + log2);
          writeLevel(pyramid, log2, stats);
          for (let i = 0; i < 4; i++) {
            const [x, y] = [pick(level.width), pick(level.height)];
            const part = i === 0 ? whole(level) : {
              ...{ x, y },
              width: 1 + pick(Math.min(300, level.width - x)),
              height: 1 + pick(Math.min(300, level.height - y)),
            };
            assertPart(meansOf(pyramid, log2, part), stats.mean, level, part, "mean");
            if (!hasStats) continue;
            const found = statsIn(pyramid, log2, part);
            for (const field of fields) assertPart(found[field], stats[field], level, part, field);
          }
        }
        await Deno.remove(pyramid.folder, { recursive: true });
      }),
      { numRuns: 25 },
    );
  }));

Deno.test("files of a level are written one by one, also from the kernels' memory", () =>
  inFolder((folder) => {
    for (
      const [width, height, runsDown] of [[9000, 16_000, false], [16_000, 9000, true]] as const
    ) {
      const pyramid = { folder: `${folder}/${width}`, width, height, runsDown, base: 3 };
      const [base, first] = storedLevels(pyramid) as [StoredLevel, StoredLevel];
      for (const level of [base, first]) {
        const stats = someStats(level.width, level.height, 1);
        const across = level.chunk.width * level.shard.width;
        const down = level.chunk.height * level.shard.height;
        let files = 0;
        for (let y = 0; y < level.height; y += down) {
          for (let x = 0; x < level.width; x += across, files++) {
            const w = Math.min(across, level.width - x), h = Math.min(down, level.height - y);
            if (level === base) {
              const { mean: values } = stats;
              const target = { values, start: y * level.width + x, pitch: level.width };
              writeMeans(pyramid, 3, { x, y, width: w, height: h }, target);
            } else {
              wasm.frame(() => {
                const { buffer, byteOffset } = wasm.scratch(w * h * STATS_BYTES);
                const part = statsOf({ width: w, height: h, buffer, byteOffset });
                for (const field of fields) {
                  for (let row = 0; row < h; row++) {
                    const from = (y + row) * level.width + x;
                    part[field].set(stats[field].subarray(from, from + w), row * w);
                  }
                }
                writeStats(pyramid, 4, x, y, part);
              });
            }
          }
        }
        assert(files > 1);
        const names = filesIn(`${pyramid.folder}/mean_${level.log2}`);
        assertEquals(names.length, files, names.join());
        const part = whole(level);
        assertPart(meansOf(pyramid, level.log2, part), stats.mean, level, part, "mean");
        if (level === base) continue;
        const found = statsIn(pyramid, 4, part);
        for (const field of fields) assertPart(found[field], stats[field], level, part, field);
      }
    }
  }));

const small: Omit<StoredPyramid, "folder"> = {
  width: 5000,
  height: 1999,
  runsDown: false,
  base: 3,
};

/** Figures of level 4 of which nothing is written: as if all cells were finite, and none counted. */
function blank(pyramid: StoredPyramid): BlockStats {
  const stats = someStats(313, 125, 1);
  for (const field of fields) stats[field].fill(field === "mean" ? NaN : 0);
  stats.count.forEach((_, i) => stats.count[i] = cellsOf(pyramid, 4, i % 313, Math.floor(i / 313)));
  return stats;
}

Deno.test("what equals the fill value everywhere is not on disk, also where something else was", () =>
  inFolder((folder) => {
    const pyramid = { folder, ...small };
    const level = storedLevels(pyramid)[1]!;
    assertEquals([level.width, level.height], [313, 125]);
    writeStats(pyramid, 4, 0, 0, blank(pyramid));
    assertEquals(filesIn(folder), []);
    for (const field of fields) {
      const stats = blank(pyramid);
      stats[field][313 * 125 - 1] = 5;
      writeStats(pyramid, 4, 0, 0, stats);
      const files = filesIn(folder);
      const name = field === "mean"
        ? "mean_4/c.0.0"
        : field === "m2" || field === "min" || field === "max" || field === "gradient"
        ? "moments_4/c.0.0.0"
        : "counts_4/c.0.0.0";
      assertEquals(files, [name]);
      // One chunk and the index.
      const { chunk } = level;
      assert(Deno.statSync(`${folder}/${name}`).size < 4 * chunk.width * chunk.height + 400);
      const found = statsIn(pyramid, 4, whole(level));
      for (const field of fields) {
        assertPart(found[field], stats[field], level, whole(level), field);
      }
    }
    // −0 is not 0.
    const stats = blank(pyramid);
    stats.min.fill(-0);
    writeStats(pyramid, 4, 0, 0, stats);
    assert(Object.is(statsIn(pyramid, 4, whole(level)).min[0], -0));
    writeStats(pyramid, 4, 0, 0, blank(pyramid));
    assertEquals(filesIn(folder), []);
  }));

Deno.test("what was never written reads as means that are not there of blocks that are whole", () =>
  inFolder((root) => {
    const pyramid = { folder: `${root}/none`, ...small };
    const part = { x: 250, y: 60, width: 63, height: 65 };
    assert(meansOf(pyramid, 3, { x: 300, y: 60, width: 300, height: 70 }).every(Number.isNaN));
    const found = statsIn(pyramid, 4, part), expected = blank(pyramid);
    for (const field of fields) {
      assertPart(found[field], expected[field], { width: 313 }, part, field);
    }
    // Right and bottom edge: 5000 = 312 · 16 + 8, 1999 = 124 · 16 + 15.
    assertEquals([found.count[0], found.count[62], found.count.at(-1)], [256, 128, 120]);
  }));

Deno.test("counts beyond 2³² wrap as they do where they are counted", () =>
  inFolder((folder) => {
    const pyramid = { ...{ folder, width: 2 ** 26, height: 2 ** 18, runsDown: false, base: 16 } };
    const level = storedLevels(pyramid)[1]!;
    const stats = someStats(level.width, level.height, 1);
    stats.count.set([0, 5, 0xffffffff]);
    writeStats(pyramid, 17, 0, 0, stats);
    assertEquals(statsIn(pyramid, 17, whole(level)).count, stats.count);
  }));

Deno.test("means are not on disk where all are NaN, of whatever bits", () =>
  inFolder((folder) => {
    const pyramid = { folder, ...small };
    const level = { x: 0, y: 0, width: 313, height: 125 };
    const values = new Float32Array(313 * 125);
    bitsOf(values).forEach((_, i, bits) => bits[i] = 0x7fc00000 + (i % 2 ? 2 ** 31 : i));
    writeMeans(pyramid, 4, level, { values, start: 0, pitch: 313 });
    assertEquals(filesIn(folder), []);
    values[3] = 1;
    writeMeans(pyramid, 4, level, { values, start: 0, pitch: 313 });
    const found = meansOf(pyramid, 4, level);
    assertEquals([found[2], found[3], found.at(-1)], [NaN, 1, NaN]);
  }));

Deno.test("a flipped bit, a missing end and a longer file are told as a damaged chunk", () =>
  inFolder((folder) => {
    const pyramid = { folder, ...small };
    const stats = someStats(313, 125, 3);
    const all = { x: 0, y: 0, width: 313, height: 125 };
    writeStats(pyramid, 4, 0, 0, stats);
    const files = filesIn(folder);
    assertEquals(files, ["counts_4/c.0.0.0", "mean_4/c.0.0", "moments_4/c.0.0.0"]);
    for (const file of files) {
      const path = `${folder}/${file}`;
      const bytes = Deno.readFileSync(path);
      const flip = (at: number) => bytes.map((byte, i) => i === at ? byte ^ 1 << at % 8 : byte);
      const last = bytes.length - 1;
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      const hurt = [
        ...[flip(0), flip(last), flip(40_001), flip(last - 4), bytes.slice(0, last)],
        ...[bytes.slice(0, 4), new Uint8Array(), longer, bytes.slice(-5000)],
        new Uint8Array(bytes.length), // as after a loss of power
      ];
      for (let at = 0; at < bytes.length; at += 4999) hurt.push(flip(at));
      for (const wrong of hurt) {
        Deno.writeFileSync(path, wrong);
        const error = assertThrows(() => statsIn(pyramid, 4, all), CorruptChunk, path);
        assertEquals(error.details, { folder, log2: 4 });
        if (file.startsWith("mean")) assertThrows(() => meansOf(pyramid, 4, all), CorruptChunk);
        else meansOf(pyramid, 4, all);
      }
      Deno.writeFileSync(path, bytes.slice(-5000));
      const short = assertThrows(() => statsIn(pyramid, 4, all), CorruptChunk);
      assert(/has no \d+ bytes/.test(short.message), short.message);
      // What is damaged elsewhere is not looked at.
      Deno.writeFileSync(path, flip(0));
      statsIn(pyramid, 4, { x: 160, y: 64, width: 153, height: 61 });
      Deno.writeFileSync(path, bytes);
    }
    assertPart(statsIn(pyramid, 4, all).m2, stats.m2, all, all, "m2");
  }));

Deno.test({
  name: "reading leaves no file open, also where it is damaged",
  ignore: Deno.build.os !== "linux", // where open files are told
  fn: () =>
    inFolder((folder) => {
      const pyramid = { folder, ...small };
      const all = { x: 0, y: 0, width: 313, height: 125 };
      writeStats(pyramid, 4, 0, 0, someStats(313, 125, 3));
      const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
      const before = open();
      for (let i = 0; i < 10; i++) statsIn(pyramid, 4, all);
      Deno.writeFileSync(`${folder}/mean_4/c.0.0`, new Uint8Array(1000));
      for (let i = 0; i < 10; i++) assertThrows(() => meansOf(pyramid, 4, all), CorruptChunk);
      assertEquals(open(), before);
    }),
});

Deno.test("a file is its chunks, little-endian, their CRC-32C, and where they are", () =>
  inFolder((folder) => {
    const pyramid = { ...{ folder, width: 17, height: 9, runsDown: false, base: 3 } };
    const values = Float32Array.of(1, 2, 3, -0, NaN, Infinity);
    writeMeans(pyramid, 3, { x: 0, y: 0, width: 3, height: 2 }, { values, start: 0, pitch: 3 });
    const bytes = Deno.readFileSync(`${folder}/mean_3/c.0.0`);
    const view = new DataView(bytes.buffer);
    assertEquals(Array.from({ length: 6 }, (_, i) => view.getFloat32(i * 4, true)), [...values]);
    assertEquals(view.getUint32(24, true), crc32c(bytes.subarray(0, 24)));
    assertEquals([view.getBigUint64(28, true), view.getBigUint64(36, true)], [0n, 28n]);
    assertEquals(view.getUint32(44, true), crc32c(bytes.subarray(28, 44)));
    assertEquals(bytes.length, 48);
  }));

Deno.test("rectangles that there are not, and parts of files, are refused", () =>
  inFolder((folder) => {
    const pyramid = { folder, ...small };
    const one = { width: 1, height: 1 };
    assertThrows(() => statsIn(pyramid, 3, { x: 0, y: 0, ...one }), RangeError, "no all figures");
    assertThrows(() => meansOf(pyramid, 2, { x: 0, y: 0, ...one }), RangeError, "levels 3 to 5");
    assertThrows(() => meansOf(pyramid, 6, { x: 0, y: 0, ...one }), RangeError);
    for (const [x, y] of [[-1, 0], [0, -1], [313, 0], [0, 125], [0.5, 0], [NaN, 0]] as const) {
      assertThrows(() => meansOf(pyramid, 4, { x, y, ...one }), RangeError, "313 × 125 blocks");
      assertThrows(() => statsIn(pyramid, 4, { x, y, ...one }), RangeError, "313 × 125 blocks");
    }
    assertThrows(() => writeStats(pyramid, 4, 0, 0, someStats(312, 125, 1)), RangeError, "whole");
    assertThrows(() => writeStats(pyramid, 4, 1, 0, someStats(312, 125, 1)), RangeError, "whole");
    assertThrows(() => writeStats(pyramid, 4, 0, 1, someStats(313, 124, 1)), RangeError, "whole");
    assertThrows(() => writeStats(pyramid, 4, 0, 0, someStats(314, 125, 1)), RangeError, "313");
    const target = { values: new Float32Array(625 * 250), start: 0, pitch: 625 };
    const part = { x: 0, y: 0, width: 625, height: 249 };
    assertThrows(() => writeMeans(pyramid, 3, part, target), RangeError, "whole");
    assertEquals(filesIn(folder), []);
  }));
