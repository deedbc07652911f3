import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { FormatError, TooLarge } from "../../src/errors.ts";
import { AssembledSource, KEPT } from "../../src/storage/assembled.ts";
import { checksum } from "../../src/storage/codecs/fletcher32.ts";
import { DecodedSource } from "../../src/storage/decoded.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { openSource } from "../../src/storage/open.ts";
import type { Codec, Source, SourceRef } from "../../src/storage/source.ts";
import { type AssembledRef, chunked, cut } from "./pieces.ts";

const noise = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 37 + (i >> 7)) & 255);

Deno.test("assembled: any chunks of any array read as the array", async () => {
  const axis = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 11 }));
  const arrays = fc.tuple(
    fc.array(axis, { minLength: 1, maxLength: 4 }),
    fc.constantFrom(1, 2, 8),
    fc.boolean(),
    fc.tuple(fc.nat(), fc.nat()),
  );
  await fc.assert(
    fc.asyncProperty(arrays, async ([axes, item, deflate, [offset, length]]) => {
      const sides = axes.map(([side]) => side);
      const whole = noise(sides.reduce((a, b) => a * b, item));
      const ref = chunked(whole, item, sides, axes.map(([, chunk]) => chunk), deflate);
      const source = new AssembledSource(ref, openSource);
      const from = offset % whole.length;
      const end = from + length % (whole.length - from + 1);
      assertEquals(await source.read(from, end - from), whole.slice(from, end));
      const into = new Uint8Array(end - from).fill(99);
      assert(source.readSync!(from, into));
      assertEquals(into, whole.slice(from, end));
      source.close();
    }),
    { numRuns: 150 },
  );
});

Deno.test("assembled: pieces that start anywhere are found, and what none covers is zeros", async () => {
  const sides = [40, 50];
  const whole = noise(2000);
  const corners = [[0, 0, 7, 20], [3, 20, 30, 9], [33, 18, 7, 32], [9, 0, 1, 1]];
  const pieces = corners.map(([row, column, rows, columns]) => {
    const [at, shape] = [[row!, column!], [rows!, columns!]];
    const bytes = cut(whole, 1, sides, at, shape);
    return { at, shape, source: { kind: "memory", name: "piece", bytes } as const, offset: 0 };
  });
  const ref = { kind: "assembled", name: "array", shape: sides, itemBytes: 1, pieces } as const;
  const expected = whole.map((byte, i) => {
    const [row, column] = [Math.floor(i / 50), i % 50];
    return corners.some(([r, c, rows, columns]) =>
        row >= r! && row < r! + rows! && column >= c! && column < c! + columns!
      )
      ? byte
      : 0;
  });
  const source = new AssembledSource(ref, openSource);
  assertEquals(await source.read(0, 2000), expected);
  for (let row = 0; row < 40; row++) {
    assertEquals(await source.read(row * 50, 50), expected.slice(row * 50, row * 50 + 50));
  }
});

Deno.test("assembled: a scalar, nothing at all, and no pieces", async () => {
  const source = { kind: "memory", name: "scalar", bytes: noise(9) } as const;
  const of = (shape: number[], pieces: AssembledRef["pieces"]) =>
    new AssembledSource(
      { kind: "assembled", name: "array", shape, itemBytes: 4, pieces },
      openSource,
    );
  const scalar = of([], [{ at: [], shape: [], source, offset: 5 }]);
  assertEquals(await scalar.read(0, 4), noise(9).slice(5));
  assertEquals(await of([3, 0], []).read(0, 0), new Uint8Array());
  assertEquals(await of([3, 2], []).read(3, 20), new Uint8Array(20));
});

/** An assembled source whose reads are counted, and told when they may be answered. */
function metered(ref: AssembledRef) {
  let meter: MeteredSource | undefined;
  let opened = 0;
  const source = new AssembledSource(ref, (inner) => {
    opened++;
    return meter = new MeteredSource(openSource(inner));
  });
  return { source, meter: meter!, opened };
}

Deno.test("assembled: opens what pieces share once, reads only touched ones, each once", async () => {
  const whole = noise(120 * 120);
  const { source, meter, opened } = metered(chunked(whole, 1, [120, 120], [10, 10], true));
  assertEquals([opened, meter.reads], [1, 0]);
  await Promise.all([source.read(5, 3), source.read(0, 10), source.read(120, 10)]);
  assertEquals(meter.reads, 1);
  await source.read(240, 15);
  assertEquals(meter.reads, 2);
  for (let row = 0; row < 10; row++) source.readSync!(row * 120, new Uint8Array(120));
  assertEquals(meter.reads, 12);
});

Deno.test("assembled: keeps no more bytes of pieces than it may, those used last", async () => {
  const side = 1 << 22;
  const count = KEPT / side + 1;
  const deflated = new Uint8Array(deflateSync(new Uint8Array(side)));
  const home = { kind: "memory", name: "chunk", bytes: deflated } as const;
  const chunk = { kind: "decoded", from: home, offset: 0, length: deflated.length } as const;
  const pieces = Array.from({ length: count }, (_, i) => ({
    at: [i * side],
    shape: [side],
    source: { ...chunk, size: side, codecs: [{ name: "zlib" }] } as const,
    offset: 0,
  }));
  const shape = [count * side];
  const { source, meter } = metered({
    kind: "assembled",
    name: "array",
    shape,
    itemBytes: 1,
    pieces,
  });
  for (let i = 0; i < count; i++) await source.read(i * side, 1);
  assertEquals(meter.reads, count);
  await source.read((count - 1) * side, 1);
  await source.read(side, 1);
  assertEquals(meter.reads, count);
  await source.read(0, 1);
  assertEquals(meter.reads, count + 1);
});

Deno.test("assembled: of a large plain piece it reads what is asked for", async () => {
  const whole = noise(1 << 20);
  const { source, meter } = metered(chunked(whole, 1, [1024, 1024], [1024, 512], false));
  assertEquals(await source.read(1024 * 5, 2048), whole.slice(1024 * 5, 1024 * 7));
  assert(meter.bytes <= 4096, `${meter.bytes} bytes read for 2048`);
});

Deno.test("assembled, decoded: bytes to be fetched first are all noted, and nothing is kept of them", () => {
  const whole = noise(900);
  for (const deflate of [true, false]) {
    const ref = chunked(whole, 1, [30, 30], [10, 10], deflate);
    let ready = false;
    const asked: number[] = [];
    const source = new AssembledSource(ref, (inner): Source => {
      const memory = openSource(inner);
      return Object.assign(memory, {
        readSync(offset: number, into: Uint8Array) {
          asked.push(offset);
          if (ready) {
            into.set(
              (inner as { bytes: Uint8Array }).bytes.subarray(offset).subarray(0, into.length),
            );
          }
          return ready;
        },
      });
    });
    const into = new Uint8Array(900).fill(1);
    assertEquals(source.readSync!(0, into), false);
    assertEquals(into, new Uint8Array(900));
    assertEquals(new Set(asked).size, 9);
    ready = true;
    assert(source.readSync!(0, into));
    assertEquals(into, whole);
  }
});

const decoded = (bytes: Uint8Array, size: number, ...codecs: Codec[]) =>
  new DecodedSource(new MemorySource("hostile", bytes), {
    offset: 0,
    length: bytes.length,
    size,
    codecs,
  });

Deno.test("decoded: steps follow one another", async () => {
  // What HDF5 makes of the integers 1, 2, 3 and 770: shuffled, deflated, with a checksum.
  const shuffled = Uint8Array.of(1, 2, 3, 2, 0, 0, 0, 3);
  const packed = new Uint8Array(deflateSync(shuffled));
  const sum = new Uint8Array(Uint32Array.of(checksum(packed)).buffer);
  const steps: Codec[] = [{ name: "fletcher32" }, { name: "zlib" }, {
    name: "shuffle",
    itemBytes: 2,
  }];
  const source = decoded(new Uint8Array([...packed, ...sum]), 8, ...steps);
  assertEquals(await source.read(0, 8), Uint8Array.of(1, 0, 2, 0, 3, 0, 2, 3));
  const wrong = decoded(new Uint8Array([...packed, 0, 0, 0, 0]), 8, ...steps);
  await assertRejects(() => wrong.read(0, 8), FormatError, "the file states 0");
});

Deno.test("decoded: bytes after the last whole element are not shuffled", async () => {
  const source = decoded(Uint8Array.of(1, 3, 2, 4, 9), 5, { name: "shuffle", itemBytes: 2 });
  assertEquals(await source.read(0, 5), Uint8Array.of(1, 2, 3, 4, 9));
});

Deno.test("decoded: refuses sizes out of reach, other sizes, bombs and noise, and again", async () => {
  const zlib = { name: "zlib" } as const;
  const bomb = new Uint8Array(deflateSync(new Uint8Array(10_000_000)));
  assertThrows(() => decoded(bomb.subarray(0, 10), 10_321, zlib), FormatError, "at most 10320");
  const big: SourceRef = { kind: "memory", name: "big", bytes: new Uint8Array(1 << 21) };
  const span = { offset: 0, length: 1 << 21, size: 2 ** 30 + 1, codecs: [zlib] };
  assertThrows(() => new DecodedSource(openSource(big), span), TooLarge, "1073741825");
  for (const size of [1, 9_999_999, 10_000_001]) {
    const source = decoded(bomb, size, zlib);
    for (let turn = 0; turn < 2; turn++) {
      await assertRejects(() => source.read(0, 1), FormatError, `does not decode to ${size}`);
      assertThrows(() => source.readSync!(0, new Uint8Array(1)), FormatError, "does not decode");
    }
  }
  const middle = decoded(bomb, 100, zlib, { name: "shuffle", itemBytes: 4 });
  await assertRejects(() => middle.read(0, 1), FormatError, "zlib: Cannot create a Buffer larger");
});
