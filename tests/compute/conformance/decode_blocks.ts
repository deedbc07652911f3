import { assert, assertEquals, assertThrows } from "@std/assert";
import { halvesOf } from "../../../src/compute/byte_order.ts";
import type { Ops, Packed } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { type Blocked, blocks, bytesOf, packingOf } from "../../../src/formats/format.ts";
import { random } from "../samples.ts";

const fixtures = new URL("../../../fixtures/quantized/", import.meta.url);
const expected = JSON.parse(Deno.readTextFileSync(new URL("expected.json", fixtures))) as Record<
  string,
  { seed: number; blocks: number; nan: number; sha256: string }
>;
const all = Object.keys(blocks) as Blocked[];

/** decode of blocks of elements: every value bit for bit; NaN is any NaN. */
export function conformDecodeBlocks(ops: Ops): void {
  for (const [name, { seed, blocks: count, nan, sha256 }] of Object.entries(expected)) {
    Deno.test(`${ops.name} decode() of ${name} is what gguf-py reads`, async () => {
      const dtype = name as Blocked;
      const { elements, bytes: size } = packingOf(dtype);
      const next = random(seed);
      const bytes = Uint8Array.from({ length: count * size }, () => next() * 256);
      const bits = bitsOf(decodeRow(ops, dtype, bytes, count * elements));
      const first = Deno.readFileSync(new URL(`${name}.f32`, fixtures));
      const want = new Uint32Array(first.buffer);
      for (const [i, pattern] of want.entries()) {
        assert(
          bits[i] === pattern,
          `element ${i}: ${float(bits[i]!)} instead of ${float(pattern)}`,
        );
      }
      assertEquals(bits.filter((pattern) => pattern === NAN).length, nan);
      assertEquals(await sha256Of(bits), sha256);
    });
  }

  Deno.test(`${ops.name} decode() knows every float16 as a scale`, () => {
    const blocks = new Uint8Array(65536 * 34).fill(1);
    const view = new DataView(blocks.buffer);
    for (let i = 0; i < 65536; i++) view.setUint16(i * 34, i, true);
    const values = decodeRow(ops, "Q8_0", blocks, 65536 * 32);
    for (let i = 0; i < 65536; i++) {
      const want = view.getFloat16(i * 34, true);
      assert(Object.is(values[i * 32], want), `${i}: ${values[i * 32]} instead of ${want}`);
    }
  });

  Deno.test(`${ops.name} decode() knows every nibble, the lower half of a byte first`, () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4));
    const floats = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6];
    const meaning = {
      U4: (bits: number) => bits,
      I4: (bits: number) => bits < 8 ? bits : bits - 16,
      F4_E2M1: (bits: number) => floats[bits]!,
    };
    for (const dtype of ["U4", "I4", "F4_E2M1"] as const) {
      for (const width of [0, 2, 14, 16, 18, 30, 32]) {
        const got = decodeRow(ops, dtype, bytes, width);
        for (let i = 0; i < width; i++) {
          const want = meaning[dtype](i % 2 === 0 ? i >> 1 : 15 - (i >> 1));
          assert(
            Object.is(got[i], want),
            `${dtype} ${i} of ${width}: ${got[i]} instead of ${want}`,
          );
        }
      }
    }
  });

  for (const [dtype, { elements: each, ones }] of Object.entries(kQuants)) {
    Deno.test(`${ops.name} decode() of ${dtype}_SCALE is what a one is worth in each sub-block`, () => {
      const { elements, bytes: size } = packingOf(dtype as Blocked);
      const next = random(size);
      const bytes = Uint8Array.from({ length: 20 * size }, () => next() * 256);
      for (let at = 0; at < bytes.length; at += size) ones(bytes.subarray(at, at + size));
      const values = decodeRow(ops, dtype as Blocked, bytes, 20 * elements);
      const scales = decodeRow(ops, `${dtype}_SCALE` as Blocked, bytes, 20 * elements / each);
      const want = scales.map((_, j) => values[j * each]!);
      assertEquals(bitsOf(scales), bitsOf(want));
    });
  }

  for (const dtype of all) {
    Deno.test(`${ops.name} decode() of ${dtype} in rows apart, unaligned, writes its cells only`, () => {
      const { elements } = packingOf(dtype);
      for (
        const [count, rows] of [[1, 1], [1, 3], [2, 2], [3, 4], [7, 1], [0, 2], [5, 0]] as const
      ) {
        for (const bigEndian of [false, true]) {
          if (bigEndian && !halvesOf[dtype]) continue;
          const width = count * elements;
          const pitch = bytesOf(dtype, width) + 3;
          const bytes = edgy(dtype, 1 + rows * pitch, count * 7 + rows);
          const packed = { dtype, bigEndian, width, rows, pitch };
          const length = 2 + rows * (width + 2);
          ops.frame(() => {
            const [near, close] = [ops.scratch(length * 4), ops.scratch(bytes.length)];
            close.set(bytes);
            const values = new Float32Array(near.buffer, near.byteOffset, length);
            checkRows(ops, bytes.subarray(1), packed, new Float32Array(length));
            checkRows(ops, bytes.subarray(1), packed, values);
            checkRows(ops, close.subarray(1), packed, values);
          });
        }
      }
    });
  }

  Deno.test(`${ops.name} decode() turns the 16-bit numbers of big-endian blocks`, () => {
    for (const [name, places] of Object.entries(halvesOf)) {
      const dtype = name as Blocked;
      const { elements, bytes: size } = packingOf(dtype);
      const [width, pitch] = [3 * elements, 3 * size];
      const bytes = edgy(dtype, pitch, 3);
      const turned = bytes.slice();
      for (const place of places) {
        for (let at = place; at < pitch; at += size) turned.subarray(at, at + 2).reverse();
      }
      const packed = { dtype, bigEndian: true, width, rows: 1, pitch };
      const values = new Float32Array(width);
      ops.frame(() => ops.decode(turned, packed, { values, start: 0, pitch: width }));
      assertEquals(bitsOf(values), bitsOf(decodeRow(ops, dtype, bytes, width)), dtype);
    }
  });

  Deno.test(`${ops.name} decode() refuses parts of blocks and blocks of unknown byte order`, () => {
    const packed = { dtype: "Q4_0", bigEndian: false, width: 48, rows: 1, pitch: 27 } as const;
    const target = { values: new Float32Array(256), start: 0, pitch: 256 };
    const bytes = new Uint8Array(66);
    const refused = (packed: Packed, words: string, given = bytes) =>
      assertThrows(() => ops.decode(given, packed, target), RangeError, words);
    refused(packed, "48 Q4_0 are no whole blocks of 32");
    refused({ ...packed, width: 64 }, "need 36 bytes; 35 are there", bytes.subarray(0, 35));
    refused({ ...packed, dtype: "IQ2_XXS", width: 256, bigEndian: true }, "big-endian");
  });
}

/** How many elements share a scale, and what makes a block one of ones without minima. */
const kQuants = {
  Q2_K: { elements: 16, ones: (block: Uint8Array) => block.fill(0x55, 16, 80).fill(0, 82) },
  Q3_K: { elements: 16, ones: (block: Uint8Array) => block.fill(255, 0, 32).fill(0x55, 32, 96) },
  Q4_K: { elements: 32, ones: (block: Uint8Array) => block.fill(0, 2, 4).fill(0x11, 16) },
  Q5_K: {
    elements: 32,
    ones: (block: Uint8Array) => block.fill(0, 2, 4).fill(0, 16, 48).fill(0x11, 48),
  },
  Q6_K: {
    elements: 16,
    ones: (block: Uint8Array) => block.fill(0x11, 0, 128).fill(0xaa, 128, 192),
  },
};

/**
 * Random bytes between stretches that make every field of a block extreme, at both ends: scales that
 * are NaN, infinite, the largest, −0, subnormal.
 */
function edgy(dtype: Blocked, length: number, seed: number): Uint8Array {
  const { bytes: size } = packingOf(dtype);
  const next = random(seed);
  const bytes = Uint8Array.from({ length }, () => next() * 256);
  const patterns = [[0xff], [0x00, 0x7c], [0x00, 0xfc], [0xff, 0x7b], [0x00, 0x80], [0x01, 0x00]];
  for (const [i, pattern] of patterns.entries()) {
    const at = i % 2 === 0 ? i / 2 * size : length - (i + 1) / 2 * size;
    for (let j = 0; j < size && next() < 0.99; j++) bytes[at + j] = pattern[j % pattern.length]!;
  }
  return bytes;
}

function decodeRow(ops: Ops, dtype: Blocked, bytes: Uint8Array, width: number): Float32Array {
  const values = new Float32Array(width);
  const packed = { dtype, bigEndian: false, width, rows: 1, pitch: bytesOf(dtype, width) };
  ops.frame(() => ops.decode(bytes, packed, { values, start: 0, pitch: width }));
  return values;
}

/** Decodes rows two cells apart, from cell 2 on, and compares every cell with the reference. */
function checkRows(ops: Ops, bytes: Uint8Array, packed: Packed, values: Float32Array): void {
  const { width, rows } = packed;
  values.fill(-77);
  ops.decode(bytes, packed, { values, start: 2, pitch: width + 2 });
  const want = new Float32Array(values.length).fill(-77);
  for (let y = 0; y < rows; y++) {
    const row = bytes.slice(y * packed.pitch, y * packed.pitch + bytesOf(packed.dtype, width));
    const target = { values: want, start: 2 + y * (width + 2), pitch: width };
    reference.decode(row, { ...packed, rows: 1, pitch: row.length }, target);
  }
  assertEquals(bitsOf(values), bitsOf(want));
}

const NAN = 0x7fc00000;

/** Bit patterns, those of NaN made one. */
const bitsOf = (values: Float32Array): Uint32Array<ArrayBuffer> =>
  new Uint32Array(Float32Array.from(values, (value) => Number.isNaN(value) ? NaN : value).buffer);

const float = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0];

async function sha256Of(words: Uint32Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", words)).toHex();
}
