import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { BlockStats } from "../../../src/compute/ops.ts";
import { wasm } from "../../../src/compute/wasm.ts";
import { fileSide } from "../../../src/field/store/levels.ts";
import { images } from "../../../src/field/store/images.ts";
import {
  CHUNK,
  CorruptChunk,
  readMeans,
  readStats,
  storedBase,
  storedLevels,
  type StoredPyramid,
  writeMeans,
  writeStats,
} from "../../../src/field/store.ts";
import { crc32c } from "../../../src/storage/crc32c.ts";
import { inFolder } from "../../storage/folder.ts";
import { fields, filesIn, someStats } from "./stats.ts";

const bitsOf = (values: Float32Array | Uint32Array) =>
  new Uint32Array(values.buffer, values.byteOffset, values.length);

/** Throws unless `found`, a whole chunk, holds `figures` in rows of `width` and `fill` elsewhere. */
function assertChunk(
  found: Float32Array | Uint32Array,
  figures: Float32Array | Uint32Array,
  width: number,
  fill: number,
): void {
  const expected = (found instanceof Uint32Array ? new Uint32Array(65536) : new Float32Array(65536))
    .fill(fill);
  for (let i = 0; i < figures.length; i++) {
    expected[Math.floor(i / width) * CHUNK + i % width] = figures[i]!;
  }
  assertEquals(found.length, expected.length);
  const [is, was] = [bitsOf(found), bitsOf(expected)];
  const wrong = is.findIndex((bits, i) => bits !== was[i]);
  assert(wrong < 0, `entry ${wrong} is ${found[wrong]}, ${expected[wrong]} was written`);
}

Deno.test("levels go from the base to the first of one chunk, and to one beyond the base at least", () => {
  const sides = fc.integer({ min: 1, max: 300_000 });
  fc.assert(fc.property(sides, sides, fc.integer({ min: 3, max: 6 }), (width, height, base) => {
    const levels = storedLevels({ folder: "/", width, height, base });
    levels.forEach((level, i) => {
      assertEquals(level.log2, base + i);
      const side = 2 ** level.log2;
      assert((level.width - 1) * side < width && level.width * side >= width);
      assert((level.height - 1) * side < height && level.height * side >= height);
      assertEquals(level.chunksAcross, Math.ceil(level.width / 256));
      assertEquals(level.chunksDown, Math.ceil(level.height / 256));
    });
    const one = levels.map(({ width, height }) => width <= 256 && height <= 256);
    assertEquals(one.at(-1), true);
    assert(levels.length >= 2);
    if (levels.length > 2) assertEquals(one.at(-2), false);
  }));
});

Deno.test("the base is native − 3, and further out where elements are narrow", () => {
  const bases = (["F64", "F32", "BF16", "F16", "Q8_0", "Q4_K", "Q4_0", "Q2_K"] as const).map((
    dtype,
  ) => storedBase(dtype));
  assertEquals(bases, [3, 3, 3, 3, 4, 4, 4, 5]);
});

Deno.test("files are whole fractions of a chunk and leave little of it empty", () => {
  for (let length = 1; length < 70_000; length++) {
    const side = fileSide(length);
    const padded = Math.ceil(length / side) * side;
    if (length <= 256) assertEquals(padded, length);
    else {
      assert([64, 128, 256].includes(side));
      assert(padded - length < 64 || padded <= length * 17 / 16, `${length}: ${side}`);
    }
  }
});

// Ragged sizes at base 3: levels of one file, of several, of several a chunk, at both edges.
const side = fc.oneof(
  fc.integer({ min: 1, max: 2100 }),
  fc.constantFrom(1, 7, 8, 9, 2047, 2048, 2049, 2304, 2560, 3000, 4095, 4096, 4097, 5120),
);

Deno.test("chunks hold what was written to them, bit for bit, and the fill value beyond", () =>
  inFolder(async (root) => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(side, side, fc.nat(), fc.boolean(), async (width, height, seed, near) => {
        const pyramid: StoredPyramid = { folder: `${root}/${runs++}`, width, height, base: 3 };
        const [base, ...levels] = storedLevels(pyramid);
        const written: { log2: number; cx: number; cy: number; stats: BlockStats }[] = [];
        for (const level of [base!, ...levels]) {
          const { log2, chunksAcross, chunksDown } = level;
          // The first chunk, and the last, which is ragged.
          for (const [cx, cy] of [[0, 0], [chunksAcross - 1, chunksDown - 1]] as const) {
            const [w, h] = [
              Math.min(256, level.width - cx * 256),
              Math.min(256, level.height - cy * 256),
            ];
            const stats = someStats(w, h, seed + log2 + cx);
            written.push({ log2, cx, cy, stats });
            if (log2 === 3) {
              const pitch = w + seed % 3;
              const means = new Float32Array(pitch * h).fill(7);
              for (let i = 0; i < w * h; i++) {
                means[Math.floor(i / w) * pitch + i % w] = stats.mean[i]!;
              }
              writeMeans(pyramid, log2, cx, cy, means, pitch, w, h);
            } else if (near) {
              wasm.frame(() => {
                const copy = { ...stats };
                for (const field of fields) {
                  const from = bitsOf(stats[field]);
                  const { buffer, byteOffset } = wasm.scratch(from.byteLength);
                  new Uint32Array(buffer, byteOffset, from.length).set(from);
                  Object.assign(copy, {
                    [field]: stats[field] instanceof Uint32Array
                      ? new Uint32Array(buffer, byteOffset, from.length)
                      : new Float32Array(buffer, byteOffset, from.length),
                  });
                }
                writeStats(pyramid, log2, cx, cy, copy);
              });
            } else writeStats(pyramid, log2, cx, cy, stats);
          }
        }
        for (const { log2, cx, cy, stats } of written) {
          assertChunk(readMeans(pyramid, log2, cx, cy), stats.mean, stats.width, NaN);
          if (log2 === 3) continue;
          const found = readStats(pyramid, log2, cx, cy);
          assertEquals([found.width, found.height], [256, 256]);
          for (const image of images) {
            for (const field of image.fields) {
              assertChunk(found[field], stats[field], stats.width, image.fill(log2));
            }
          }
        }
        await Deno.remove(pyramid.folder, { recursive: true });
      }),
      { numRuns: 25 },
    );
  }));

const small: Omit<StoredPyramid, "folder"> = { width: 5000, height: 2000, base: 3 };

Deno.test("what equals the fill value everywhere is not on disk, also where something else was", () =>
  inFolder((folder) => {
    const pyramid = { folder, ...small };
    const level = storedLevels(pyramid)[1]!;
    assertEquals([level.width, level.height, level.chunksAcross], [313, 125, 2]);
    const blank = () => {
      const stats = someStats(57, 125, 1);
      for (const { fields, fill } of images) for (const f of fields) stats[f].fill(fill(4));
      return stats;
    };
    writeStats(pyramid, 4, 1, 0, blank());
    assertEquals(filesIn(folder), []);
    assertEquals(blank().count[0], 256);
    for (const { name, fields } of images) {
      for (const field of fields) {
        const stats = blank();
        stats[field][57 * 125 - 1] = 5;
        writeStats(pyramid, 4, 1, 0, stats);
        const files = filesIn(folder);
        assert(files.length === 1 && files[0]!.startsWith(`${name}/4/c/`), files.join());
        assertChunk(
          readStats(pyramid, 4, 1, 0)[field],
          stats[field],
          57,
          images.find((image) => image.name === name)!.fill(4),
        );
      }
    }
    // −0 is not 0.
    const stats = blank();
    stats.min.fill(-0);
    writeStats(pyramid, 4, 1, 0, stats);
    assert(Object.is(readStats(pyramid, 4, 1, 0).min[0], -0));
    writeStats(pyramid, 4, 1, 0, blank());
    assertEquals(filesIn(folder), []);
    assertChunk(readStats(pyramid, 4, 1, 0).count, blank().count, 57, 256);
  }));

// A level in several files, one of a single file, one of whole chunks.
for (const [width, height] of [[5000, 2000], [8000, 2000], [8192, 8192]] as const) {
  Deno.test(`a chunk of ${width} × ${height} cells that was never written reads as its fill values`, () =>
    inFolder((folder) => {
      const pyramid = { folder: `${folder}/none`, width, height, base: 3 };
      assert(readMeans(pyramid, 3, 0, 0).every(Number.isNaN));
      for (const log2 of [4, 5]) {
        const stats = readStats(pyramid, log2, 0, 0);
        for (const { fields, fill } of images) {
          for (const field of fields) {
            assert(stats[field].every((value) => Object.is(value, fill(log2))), field);
          }
        }
      }
    }));
}

Deno.test("means are not on disk where all are NaN, of whatever bits", () =>
  inFolder((folder) => {
    const pyramid = { folder, ...small };
    const means = new Float32Array(57 * 125);
    new Uint32Array(means.buffer).forEach((_, i, bits) =>
      bits[i] = 0x7fc00000 + (i % 2 ? 2 ** 31 : i)
    );
    writeMeans(pyramid, 4, 1, 0, means, 57, 57, 125);
    assertEquals(filesIn(folder), []);
    means[3] = 1;
    writeMeans(pyramid, 4, 1, 0, means, 57, 57, 125);
    assertEquals(readMeans(pyramid, 4, 1, 0)[3], 1);
  }));

Deno.test("a flipped bit, a missing end and a longer file are told as a damaged chunk", () =>
  inFolder((folder) => {
    const pyramid = { folder, ...small };
    const stats = someStats(57, 125, 3);
    writeStats(pyramid, 4, 1, 0, stats);
    const files = filesIn(folder);
    assertEquals(files.length, 10);
    for (const [i, file] of files.entries()) {
      const path = `${folder}/${file}`;
      const bytes = Deno.readFileSync(path);
      const flip = (at: number) => bytes.map((byte, i) => i === at ? byte ^ 1 << at % 8 : byte);
      const last = bytes.length - 1;
      const hurt = [
        ...[flip(0), flip(last), flip(4001 + i), flip(last - 4), bytes.slice(0, last)],
        ...[bytes.slice(0, 4), new Uint8Array(), Uint8Array.of(...bytes, 0)],
        new Uint8Array(bytes.length), // as after a loss of power
      ];
      for (const wrong of hurt) {
        Deno.writeFileSync(path, wrong);
        const error = assertThrows(() => readStats(pyramid, 4, 1, 0), CorruptChunk, path);
        assertEquals(error.details, { folder, log2: 4, cx: 1, cy: 0 });
        if (file.startsWith("mean")) assertThrows(() => readMeans(pyramid, 4, 1, 0), CorruptChunk);
        else readMeans(pyramid, 4, 1, 0);
      }
      Deno.writeFileSync(path, bytes);
    }
    assertChunk(readStats(pyramid, 4, 1, 0).m2, stats.m2, 57, 0);
  }));

Deno.test("a file is its entries, little-endian, and their CRC-32C", () =>
  inFolder((folder) => {
    const pyramid = { folder, width: 17, height: 9, base: 3 };
    const means = Float32Array.of(1, 2, 3, -0, NaN, Infinity);
    writeMeans(pyramid, 3, 0, 0, means, 3, 3, 2);
    const bytes = Deno.readFileSync(`${folder}/mean/3/c/0/0`);
    const view = new DataView(bytes.buffer);
    assertEquals(Array.from({ length: 6 }, (_, i) => view.getFloat32(i * 4, true)), [...means]);
    assertEquals(view.getUint32(24, true), crc32c(bytes.subarray(0, 24)));
    assertEquals(bytes.length, 28);
  }));

Deno.test("chunks that there are not, and sizes that are not theirs, are refused", () =>
  inFolder((folder) => {
    const pyramid = { folder, ...small };
    assertThrows(() => readStats(pyramid, 3, 0, 0), RangeError, "level 3 has no moments");
    assertThrows(() => readMeans(pyramid, 2, 0, 0), RangeError, "levels 3 to 5");
    assertThrows(() => readMeans(pyramid, 6, 0, 0), RangeError);
    for (const [cx, cy] of [[-1, 0], [0, -1], [2, 0], [0, 1], [0.5, 0], [NaN, 0]] as const) {
      assertThrows(() => readMeans(pyramid, 4, cx, cy), RangeError, "2 × 1 chunks");
    }
    assertThrows(() => writeStats(pyramid, 4, 1, 0, someStats(58, 125, 1)), RangeError, "57 × 125");
    assertThrows(
      () => writeMeans(pyramid, 3, 0, 0, new Float32Array(65536), 256, 256, 255),
      RangeError,
    );
    assertEquals(filesIn(folder), []);
  }));
