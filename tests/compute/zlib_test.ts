import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { deflateSync, inflateSync } from "node:zlib";
import type { Ops } from "../../src/compute/ops.ts";
import { reference } from "../../src/compute/reference.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { seeded, shuffle, tile, tileKinds } from "../tile/encode/tiles.ts";

/** A stream as `ops` writes it, once it is known to hold `bytes`: node:zlib checks Adler-32 too. */
function compress(ops: Ops, bytes: Uint8Array, row: number): Uint8Array {
  const stream = ops.frame(() => ops.zlib(bytes, row).slice());
  const same = inflateSync(stream).equals(bytes);
  assert(same, `${bytes.length} bytes with row ${row} are not the same when inflated`);
  return stream;
}

/** The most that stored blocks take: 5 bytes for each of 65,535, and 2 and 4 around. */
const ceiling = (length: number) => length + 5 * (Math.ceil(length / 65535) + 2) + 6;

const byte = fc.integer({ min: 0, max: 255 });
/** Bytes with a few symbols, with runs, with rows that repeat, or without any order. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.tuple(fc.array(byte, { minLength: 1, maxLength: 5 }), fc.nat(3000), fc.integer()).map(
    ([symbols, length, seed]) => {
      const random = seeded(seed);
      return Uint8Array.from({ length }, () => symbols[Math.floor(random() * symbols.length)]!);
    },
  ),
  fc.array(fc.tuple(byte, fc.integer({ min: 1, max: 700 })), { maxLength: 40 }).map((runs) =>
    Uint8Array.from(runs.flatMap(([symbol, length]) => Array<number>(length).fill(symbol)))
  ),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 20 })).map(
    ([row, times]) => Uint8Array.from(Array(times).fill([...row]).flat()),
  ),
);

for (const ops of [reference, wasm]) {
  Deno.test(`${ops.name} zlib() holds what it was given`, () => {
    const row = fc.oneof(fc.integer({ min: 0, max: 600 }), fc.constantFrom(32767, 32768, 32769));
    const holds = fc.property(bytes, row, (data, row) => void compress(ops, data, row));
    fc.assert(holds, { numRuns: 400 });
  });

  for (const length of [0, 1, 2, 3, 4, 31, 32, 33, 257, 258, 259, 65535, 65536, 65537, 1 << 20]) {
    Deno.test(`${ops.name} zlib() holds ${length} bytes: constant, of two symbols, of all`, () => {
      const random = seeded(length);
      const fill = (next: () => number) => Uint8Array.from({ length }, next);
      compress(ops, fill(() => 7), 257);
      compress(ops, fill(() => random() < 0.5 ? 0 : 255), 257);
      compress(ops, fill(() => random() * 256), 257);
      compress(ops, fill(() => -20 * Math.log(random())), 257);
    });
  }

  Deno.test(`${ops.name} zlib() keeps to 15 bits where Huffman's code would be deeper`, () => {
    // Fibonacci frequencies make the deepest tree: 24 symbols would want 23 bits.
    const counts = [1, 1];
    while (counts.length < 24) counts.push(counts.at(-1)! + counts.at(-2)!);
    const sorted = counts.flatMap((count, symbol) => Array<number>(count).fill(symbol * 10));
    compress(ops, shuffle(Uint8Array.from(sorted), seeded(6)), 257);
  });
}

Deno.test("wasm zlib() finds repeats wherever they start, end and overlap", () => {
  const random = seeded(3);
  const noise = Uint8Array.from({ length: 2800 }, () => random() * 256);
  for (const row of [2, 16, 31, 32, 33, 257, 258, 1025]) {
    for (let start = 0; start < 70; start++) {
      const data = noise.slice();
      data.fill(9, 1100 + start, 1100 + start * 5);
      for (let i = 0; i < 5 * start; i++) data[1500 + start + i] = data[1500 + start + i - row]!;
      const shorter = data.subarray(0, 1500 + 18 * start);
      const { length } = compress(wasm, shorter, row);
      assert(start < 40 || length < shorter.length - 5 * start, `row ${row}: nothing was found`);
    }
  }
});

Deno.test("wasm zlib() repeats a row from an earlier block, 32,768 bytes back at most", () => {
  const random = seeded(4);
  for (const [row, share] of [[32768, 0.2], [32769, 1.01]] as const) {
    const noise = Uint8Array.from({ length: row }, () => random() * 256);
    const data = new Uint8Array(row * 9);
    for (let y = 0; y < 9; y++) data.set(noise, y * row);
    const { length } = compress(wasm, data, row);
    assert(length < share * data.length && length > (share - 0.1) * data.length, `${length} bytes`);
  }
});

Deno.test("wasm zlib() never grows data by more than the headers of stored blocks", () => {
  const random = seeded(5);
  for (const length of [0, 1, 5, 100, 65535, 65536, 131070, 131071, 262400, 400000]) {
    const data = Uint8Array.from({ length }, () => random() * 256);
    const stream = compress(wasm, data, 257);
    assert(stream.length <= ceiling(length), `${length} bytes became ${stream.length}`);
  }
});

Deno.test("wasm zlib() is the same stream each time, wherever its input lies", () => {
  const data = tile("noisy", 2);
  const first = compress(wasm, data, 256);
  compress(wasm, tile("smooth", 1), 256);
  assertEquals(compress(wasm, data, 256), first);
  const near = wasm.frame(() => {
    wasm.scratch(4096);
    const copy = wasm.scratch(data.length);
    copy.set(data);
    return wasm.zlib(copy, 256).slice();
  });
  assertEquals(near, first);
});

Deno.test("wasm zlib() holds 16 MiB", () => {
  const data = new Uint8Array(1 << 24);
  for (let at = 0, i = 0; at < data.length; at += 1 << 16, i++) {
    data.set(tile(tileKinds[i % tileKinds.length]!, i % 11), at);
  }
  compress(wasm, data, 256);
});

for (const kind of tileKinds) {
  Deno.test(`wasm zlib() of ${kind} tiles takes no more than node:zlib at level 1`, () => {
    for (let seed = 0; seed < 3; seed++) {
      const rows = reference.filterRows(tile(kind, seed), 256, 256, 1);
      const ours = compress(wasm, rows, 257).length;
      const theirs = deflateSync(rows, { level: 1 }).length;
      assert(ours <= theirs, `tile ${seed}: ${ours} bytes against ${theirs}`);
    }
  });
}

Deno.test("wasm zlib() of a constant tile is below 400 bytes", () => {
  const { length } = compress(wasm, reference.filterRows(tile("flat", 5), 256, 256, 1), 257);
  assert(length < 400, `${length} bytes`);
});

Deno.test("wasm zlib() comes within 2 % of the entropy of independent bytes", () => {
  const data = tile("noisy", 7);
  const counts = new Float64Array(256);
  for (const byte of data) counts[byte]!++;
  const bits = counts.reduce(
    (sum, times) => sum + (times > 0 ? times * Math.log2(data.length / times) : 0),
    0,
  );
  const { length } = compress(wasm, data, 256);
  assert(length < 1.02 * bits / 8, `${length} bytes, entropy ${bits / 8}`);
});
