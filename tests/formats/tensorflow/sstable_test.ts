import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FormatError } from "../../../src/errors.ts";
import { readTable } from "../../../src/formats/tensorflow/sstable.ts";
import { concat, utf8 } from "../build.ts";
import { varint } from "../protobuf_build.ts";
import { block, tableEntry, tableOf } from "../tensorflow_build.ts";

const read = (bytes: Uint8Array) => [...readTable("hostile", bytes)];
const fixture = (name: string) =>
  Deno.readFileSync(new URL(`../../../fixtures/tensorflow/${name}`, import.meta.url));

Deno.test("a table that LevelDB wrote reads as what was put into it", () => {
  const entries = read(fixture("leveldb.ldb"));
  assertEquals(entries.length, 500);
  entries.forEach(({ key, value }, i) => {
    // LevelDB's own 8 bytes follow the key.
    assertEquals(key.slice(0, -8), `block/${String(i).padStart(4, "0")}/kernel`);
    const expected = i % 7 === 0 ? "long ".repeat(i) : `${(i * 2654435761) % 1e9}`;
    assertEquals(new TextDecoder().decode(value), expected);
  });
});

const entries = concat(tableEntry("", utf8("x")), tableEntry("a", utf8("1")));

Deno.test("keys share their beginnings, and are bytes", () => {
  const found = read(tableOf(concat(entries, tableEntry("\xff\0", utf8("2"), 1))));
  assertEquals(found.map(({ key }) => key), ["", "a", "a\xff\0"]);
});

const handle = (offset: number, size: number) => concat(varint(offset), varint(size));
const size = block(entries).length - 5;
const cases: readonly (readonly [string, () => Uint8Array, ...string[]])[] = [
  ["an empty file", () => utf8(""), "file size is 0", "at least 48"],
  ["another magic", () => tableOf(entries, { magic: 7n }), "magic is 0x7", "0xdb4775248b80fb57"],
  ["a file cut short", () => tableOf(entries).subarray(0, -1), "magic is"],
  [
    "an index beyond the file",
    () => tableOf(entries, { handle: [2 ** 40, 9] }),
    "index block is bytes 1099511627776 to",
  ],
  [
    "an index of 2^53 bytes",
    () => tableOf(entries, { handle: [0, 2 ** 53] }),
    "varint is beyond 2^53",
  ],
  [
    "a block beyond the file",
    () => tableOf(entries, { index: tableEntry("~", handle(0, 1e6)) }),
    "block at byte 0 is bytes 0 to 1000005",
  ],
  [
    "blocks that overlap",
    () =>
      tableOf(entries, {
        index: concat(tableEntry("a", handle(0, size)), tableEntry("b", handle(0, size))),
      }),
    "block at byte 0 is out of order",
  ],
  ["a handle cut off", () => tableOf(entries, { index: tableEntry("~", varint(0)) }), "cut off"],
  ["a flipped byte", () => tableOf(entries).with(3, 9), "block at byte 0, masked CRC-32C is"],
  ["a flipped kind", () => tableOf(entries).with(size, 1), "masked CRC-32C is"],
  [
    "an unknown compression",
    () => tableOf(entries, { block: block(entries, 4) }),
    "compression is 4",
    "1, snappy",
  ],
  [
    "a snappy bomb",
    () => tableOf(entries, { block: block(varint(2 ** 31), 1) }),
    "snappy is 5 bytes that state 2147483648",
    "at most 110",
  ],
  [
    "no snappy",
    () => tableOf(entries, { block: block(utf8("\x05abcd"), 1) }),
    "block at byte 0, snappy is",
  ],
  [
    "more restarts than there is room for",
    () => tableOf(entries, { block: block(entries, 0, 2 ** 31) }),
    "restarts is 2147483648, expected at most 2",
  ],
  ["a block of 3 bytes", () => tableOf(entries, { block: block(utf8("\x02a\0"), 1) }), "snappy"],
  [
    "a block without restarts",
    () => tableOf(entries, { block: block(Uint8Array.of(2, 4, 9, 9), 1) }),
    "size is 2, expected at least 4",
  ],
  [
    "a shared part longer than the key before",
    () => tableOf(tableEntry("a", utf8(""), 1)),
    "shared part of a key is 1, expected at most 0",
  ],
  [
    "a value beyond its block",
    () => tableOf(concat(varint(0), varint(0), varint(9))),
    "length is 9, expected at most 0",
  ],
  ["an entry cut off", () => tableOf(varint(0)), "varint is cut off"],
  [
    "keys out of order",
    () => tableOf(concat(tableEntry("b", utf8("")), tableEntry("a", utf8("")))),
    'key is "a", expected one after "b"',
  ],
  [
    "a key given twice",
    () => tableOf(concat(tableEntry("a", utf8("")), tableEntry("a", utf8("")))),
    'expected one after "a"',
  ],
];
for (const [what, bytes, ...parts] of cases) {
  Deno.test(`a table with ${what} is refused`, () => {
    const { message } = assertThrows(() => read(bytes()), FormatError);
    for (const part of ["hostile", ...parts]) assertStringIncludes(message, part);
  });
}

Deno.test("keys that unfold to far more than the file are refused soon", () => {
  const long = "k".repeat(1e5);
  const more = Array.from({ length: 1e5 }, () => concat(varint(1e5), varint(0), varint(0)));
  const bytes = tableOf(concat(tableEntry(long, utf8("")), ...more.slice(0, 3)));
  assertThrows(() => read(bytes), FormatError, "expected one after");
  const index = tableOf(entries, {
    index: concat(tableEntry(long, handle(0, size)), ...more),
  });
  assertThrows(() => read(index), FormatError);
  let key = 0;
  const rising = Array.from({ length: 1e5 }, () => {
    key++;
    const tail = String.fromCharCode(key >> 14, key >> 7 & 127, key & 127);
    return tableEntry(tail, utf8(""), 1e5 - 3);
  });
  const start = performance.now();
  const folded = tableOf(concat(tableEntry("k".repeat(1e5 - 3) + "\0\0\0", utf8("")), ...rising));
  assertThrows(() => read(folded), FormatError, "far longer than the file");
  assert(performance.now() - start < 1000);
});

Deno.test("a table cut or flipped anywhere is refused: every byte is summed or a place", () => {
  const valid = fixture("partitioned/model.ckpt-7.index");
  const whole = JSON.stringify(read(valid));
  const [low, high, length] = valid.subarray(-48);
  const from = low! - 128 + high! * 128;
  const unread = { from, to: from + length! + 5 };
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = valid.slice();
      bytes[at]! ^= flip;
      try {
        assertEquals(JSON.stringify(read(bytes)), whole, `byte ${at}`);
        // Only the block about the blocks, which is empty, and its place are not read.
        assert(at >= unread.from && at < unread.to || at >= valid.length - 48, `byte ${at}`);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
  for (let end = 0; end < valid.length; end++) {
    assertThrows(() => read(valid.subarray(0, end)), FormatError);
  }
});
