import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FormatError } from "../../src/errors.ts";
import { type Field, integersOf, parts, Scanner } from "../../src/formats/protobuf.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import type { Source } from "../../src/storage/source.ts";
import { concat } from "./build.ts";
import { field, tag, varint } from "./protobuf_build.ts";

const scanOf = (...bytes: Uint8Array[]) => new Scanner(new MemorySource("given", concat(...bytes)));

async function fieldsOf(scan: Scanner): Promise<Field[]> {
  const fields: Field[] = [];
  await scan.walk(scan.root, (field) => void fields.push(field));
  return fields;
}

Deno.test("protobuf: integers of 64 bits and fields of every length come back", async () => {
  const any = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.integer(),
    fc.uint8Array({ maxLength: 9000 }),
  );
  const number = fc.integer({ min: 1, max: 2 ** 29 - 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(number, any)), async (given) => {
      const bytes = concat(...given.map(([number, value]) => field(number, value)));
      const scan = scanOf(bytes);
      const expected = given.map(([number, value]) =>
        value instanceof Uint8Array ? [number, 2, 0] : [number, 0, Number(value)]
      );
      const fields = await fieldsOf(scan);
      assertEquals(fields.map(({ number, wire, value }) => [number, wire, value]), expected);
      const inMemory = [...parts("given", bytes)];
      assertEquals(inMemory.map(({ number, wire, value }) => [number, wire, value]), expected);
      for (const [i, [, value]] of given.entries()) {
        if (!(value instanceof Uint8Array)) continue;
        assertEquals(await scan.read(fields[i]!, 9000), value);
        assertEquals(inMemory[i]!.bytes, value);
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("protobuf: packed and single integers, text and short bytes are there in a visit", async () => {
  const scan = scanOf(
    field(1, concat(varint(3), varint(-1), varint(2 ** 40))),
    field(1, 7),
    field(2, "Γ"),
    concat(tag(3, 5), Uint8Array.of(1, 2, 3, 4)),
    concat(tag(4, 1), new Uint8Array(8).fill(9)),
  );
  const found: unknown[] = [];
  await scan.walk(scan.root, (field) => {
    if (field.number === 1) found.push(scan.integers(field));
    else found.push(field.number === 2 ? scan.text(field) : [...scan.bytes(field)]);
  });
  assertEquals(found, [[3, -1, 2 ** 40], [7], "Γ", [1, 2, 3, 4], new Array(8).fill(9)]);
});

/** Zeros between a head and a tail, without the memory for them. */
function sparse(size: number, pieces: ReadonlyMap<number, Uint8Array>): Source {
  const name = "sparse";
  return {
    name,
    size,
    version: "",
    ref: { kind: "memory", name, bytes: new Uint8Array() },
    read(offset, length) {
      assert(length < 2 ** 20, "a long value is read");
      const bytes = new Uint8Array(length);
      for (const [at, piece] of pieces) {
        const from = Math.max(at, offset);
        const to = Math.min(at + piece.length, offset + length);
        if (from < to) bytes.set(piece.subarray(from - at, to - at), from - offset);
      }
      return Promise.resolve(bytes);
    },
    check() {},
    close() {},
  };
}

Deno.test("protobuf: values over 4 GiB are jumped over", async () => {
  const long = 5 * 2 ** 30 + 3;
  const head = concat(field(1, 5), tag(2, 2), varint(long));
  const tail = field(3, "end");
  const size = head.length + long + tail.length;
  const source = new MeteredSource(
    sparse(size, new Map([[0, head], [head.length + long, tail]])),
  );
  const fields = await fieldsOf(new Scanner(source));
  assertEquals(fields.map(({ number, length }) => [number, length]), [[1, 1], [2, long], [3, 3]]);
  assertEquals(fields[2]!.offset, size - 3);
  assertEquals(source.reads, 2);
});

Deno.test("protobuf: a row of small fields takes few reads, one of long ones a short read each", async () => {
  const small = new MemorySource(
    "small",
    concat(...Array.from({ length: 1e5 }, () => field(1, "0123456"))),
  );
  const metered = new MeteredSource(small);
  assertEquals((await fieldsOf(new Scanner(metered))).length, 1e5);
  assert(metered.reads <= 8, `${metered.reads} reads of ${small.size} bytes`);

  const long = new MemorySource(
    "long",
    concat(...Array.from({ length: 50 }, () => field(1, new Uint8Array(1e5)))),
  );
  const jumping = new MeteredSource(long);
  assertEquals((await fieldsOf(new Scanner(jumping))).length, 50);
  assert(jumping.bytes <= 65536 + 50 * 4096, `${jumping.bytes} bytes read`);
});

const refusals: readonly (readonly [string, Uint8Array, string])[] = [
  [
    "a length beyond the file",
    concat(tag(1, 2), varint(9), new Uint8Array(8)),
    "length of field 1",
  ],
  ["a length of 2^62", concat(tag(1, 2), varint(2n ** 62n)), "length of field 1"],
  ["a length of 2^64 - 1", concat(tag(1, 2), varint(-1)), "length of field 1"],
  ["a fixed value cut short", concat(tag(1, 1), new Uint8Array(7)), "length of field 1"],
  ["a varint cut short", Uint8Array.of(8, 0x80), "varint at byte 1"],
  ["a varint of 11 bytes", Uint8Array.of(8, ...new Array(10).fill(0x80), 1), "varint at byte 1"],
  ["a group", tag(1, 3), "wire type of field 1 at byte 0 is 3"],
  ["the end of a group", tag(1, 4), "wire type"],
  ["an unknown wire type", tag(1, 7), "wire type"],
  ["a field number of 0", tag(0, 2), "field number at byte 0 is 0"],
  ["a field number of 2^29", tag(2 ** 29, 0), "field number"],
  ["a field number of 2^60", tag(2 ** 60, 0), "field number"],
];
for (const [what, bytes, message] of refusals) {
  Deno.test(`protobuf: ${what} is refused`, async () => {
    await assertRejects(() => fieldsOf(scanOf(bytes)), FormatError, message);
    assertThrows(() => [...parts("given", bytes)], FormatError, message);
  });
}

Deno.test("protobuf: a value that reaches beyond its message is refused", async () => {
  const scan = scanOf(field(1, concat(tag(2, 2), varint(4), new Uint8Array(3))), field(3, 5));
  const walking = scan.walk(scan.root, (field) => scan.walk(field, () => {}));
  await assertRejects(() => walking, FormatError, "length of field 2");
});

Deno.test("protobuf: messages nested 10,000 deep are refused", async () => {
  let message: Uint8Array = new Uint8Array();
  for (let i = 0; i < 1e4; i++) message = field(1, message);
  const scan = scanOf(message);
  const inward = (field: Field): Promise<void> | undefined => scan.walk(field, inward);
  await assertRejects(() => scan.walk(scan.root, inward), FormatError, "nested");
});

Deno.test("protobuf: more fields than anything has are refused", async () => {
  const bytes = new Uint8Array(2 * (2 ** 23 + 1)).fill(0).map((_, i) => i % 2 ? 0 : 8);
  const scan = scanOf(bytes);
  await assertRejects(() => scan.walk(scan.root, () => {}), FormatError, "number of fields");
});

Deno.test("protobuf: a value of another type than asked for, or too long, is refused", async () => {
  const scan = scanOf(field(1, 5), field(2, new Uint8Array(5000)), field(3, Uint8Array.of(0xff)));
  const [integer, long, odd] = await fieldsOf(scan);
  assertThrows(() => scan.text(integer!), FormatError, "field 1");
  assertThrows(() => scan.text(long!), FormatError, "5000 bytes");
  assertThrows(() => scan.text(odd!), FormatError, "UTF-8");
  assertThrows(() => scan.integers(odd!), FormatError, "varint");
  assertThrows(() => scan.walk(integer!, () => {}), FormatError, "a message");
  await assertRejects(() => scan.read(long!, 4999), FormatError, "5000 bytes");
});

Deno.test("protobuf: a cancelled scan stops", async () => {
  const scan = new Scanner(new MemorySource("given", field(1, 5)), AbortSignal.abort());
  await assertRejects(() => fieldsOf(scan), DOMException);
});

Deno.test("protobuf: packed integers read alike in memory", () => {
  assertEquals(integersOf("given", concat(varint(1), varint(-2), varint(300))), [1, -2, 300]);
});

Deno.test("protobuf: a long scan lets others run, and can be cancelled", async () => {
  const bytes = new Uint8Array(8 << 20).map((_, i) => i % 2 ? 0 : 8);
  const stop = new AbortController();
  const scan = new Scanner(new MemorySource("given", bytes), stop.signal);
  setTimeout(() => stop.abort(), 0);
  await assertRejects(() => scan.walk(scan.root, () => {}), DOMException);
});
