import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deflateRawSync, deflateSync } from "node:zlib";
import fc from "fast-check";
import { FormatError, TooLarge } from "../../src/errors.ts";
import { AssembledSource } from "../../src/storage/assembled.ts";
import { DecodedSource } from "../../src/storage/decoded.ts";
import { InflatedSource } from "../../src/storage/inflated.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { openSource } from "../../src/storage/open.ts";
import type { Source } from "../../src/storage/source.ts";
import { chunked, cut } from "./pieces.ts";

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255);
const memory = () => new MemorySource("memory", bytes);
const deflated = () => {
  const packed = new Uint8Array(deflateRawSync(bytes));
  const from = new MemorySource("packed", new Uint8Array([9, 9, ...packed, 9]));
  return new InflatedSource(from, { offset: 2, length: packed.length, size: bytes.length });
};

const decoded = () => {
  const packed = new Uint8Array(deflateSync(bytes));
  const from = new MemorySource("packed", new Uint8Array([9, 9, ...packed, 9]));
  const codecs = [{ name: "zlib" }] as const;
  return new DecodedSource(from, {
    offset: 2,
    length: packed.length,
    size: bytes.length,
    codecs,
  });
};
/** Slices of uneven heights, in two sources. */
const slices = () => {
  const sides = [100, 750];
  const pieces = [[50, 50], [0, 13], [13, 37]].map(([start, rows]) => {
    const at = [start!, 0];
    const shape = [rows!, 750];
    const slice = cut(bytes, 4, sides, at, shape);
    const ref = { kind: "memory", name: "slice", bytes: new Uint8Array([7, ...slice]) } as const;
    return { at, shape, source: ref, offset: 1 };
  });
  const ref = { kind: "assembled", name: "slices", shape: sides, itemBytes: 4, pieces } as const;
  return new AssembledSource(ref, openSource);
};
const chunks = (sides: number[], chunk: number[], deflate: boolean) => () =>
  new AssembledSource(chunked(bytes, 4, sides, chunk, deflate), openSource);

/** One suite for every kind of source. */
const kinds: Readonly<Record<string, () => Source>> = {
  memory,
  inflated: deflated,
  decoded,
  "assembled of slices": slices,
  "assembled of chunks": chunks([100, 30, 25], [16, 7, 11], false),
  "assembled of large chunks": chunks([300, 250], [299, 249], false),
  "assembled of deflated chunks": chunks([10, 10, 30, 25], [3, 10, 30, 4], true),
  "assembled of one row": chunks([75_000], [1000], true),
  metered: () => new MeteredSource(memory()),
};
for (const [kind, make] of Object.entries(kinds)) {
  Deno.test(`${kind}: many reads at once each give their own span`, async () => {
    const span = fc.tuple(fc.nat(bytes.length), fc.nat(50_000))
      .map(([offset, length]) => [offset, Math.min(length, bytes.length - offset)] as const);
    await fc.assert(
      fc.asyncProperty(fc.array(span, { minLength: 1, maxLength: 8 }), async (spans) => {
        const source = make();
        const read = await Promise.all(
          spans.map(([offset, length]) => source.read(offset, length)),
        );
        read.forEach((found, i) => {
          const [offset, length] = spans[i]!;
          assertEquals(found, bytes.slice(offset, offset + length));
          const into = new Uint8Array(length);
          source.readSync?.(offset, into);
          if (source.readSync) assertEquals(into, found);
        });
        source.close();
      }),
      { numRuns: 30 },
    );
  });

  Deno.test(`${kind}: outside, it throws RangeError; cancelled, AbortError; unchanged, nothing`, async () => {
    const source = make();
    source.check();
    assertEquals(source.size, bytes.length);
    await assertRejects(() => source.read(bytes.length, 1), RangeError);
    await assertRejects(() => source.read(0, 1, AbortSignal.abort()), DOMException);
    const again = openSource(source.ref);
    assertEquals(await again.read(7, 9), await source.read(7, 9));
    source.close();
  });
}

Deno.test("metered: counts reads and bytes of both kinds", async () => {
  const source = new MeteredSource(memory());
  await source.read(0, 10);
  source.readSync!(5, new Uint8Array(7));
  assertEquals([source.reads, source.bytes], [2, 17]);
});

Deno.test("inflated: a size that deflate cannot reach, or beyond what memory may hold, is refused", () => {
  const span = (length: number, size: number) => () =>
    new InflatedSource(memory(), { offset: 0, length, size });
  assertThrows(span(10, 10_321), FormatError, "at most 10320");
  assertThrows(span(2 ** 28, 2 ** 31), TooLarge, "2147483648");
  span(2 ** 16, 2 ** 26)();
  span(2 ** 24, 2 ** 30)();
  assertThrows(span(2 ** 20, 2 ** 26 + 1), TooLarge, "over 67108864");
  assertThrows(span(2 ** 23, 2 ** 30), TooLarge, "over 536870912");
});

Deno.test("inflated: what is no deflate stream is refused, waiting or not, and again", async () => {
  const from = new MemorySource("noise", new Uint8Array(50).fill(255));
  const source = new InflatedSource(from, { offset: 0, length: 50, size: 100 });
  for (let turn = 0; turn < 2; turn++) {
    await assertRejects(() => source.read(0, 1), FormatError, "does not inflate to 100 bytes");
    assertThrows(() => source.readSync!(0, new Uint8Array(1)), FormatError, "does not inflate");
  }
});

Deno.test("inflated: its stream is read once for many who wait", async () => {
  const packed = new Uint8Array(deflateRawSync(bytes));
  const meter = new MeteredSource(new MemorySource("packed", packed));
  const source = new InflatedSource(meter, {
    offset: 0,
    length: packed.length,
    size: bytes.length,
  });
  await Promise.all([source.read(0, 10), source.read(5, 10)]);
  await source.read(100, 10);
  assertEquals(meter.reads, 1);
});
