import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { varints } from "../../../src/storage/codecs/varints.ts";
import { concat } from "../../formats/build.ts";
import { varint } from "../../formats/protobuf_build.ts";

const decode = (bytes: Uint8Array, itemBytes: number, limit = Infinity) =>
  varints.decode(bytes, limit, { name: "varints", itemBytes });

Deno.test("varints: integers of every size come back", () => {
  const any = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt(-300n, 300n),
  );
  fc.assert(
    fc.property(fc.array(any), (values) => {
      const bytes = concat(...values.map(varint));
      const as = (itemBytes: number) => decode(bytes, itemBytes).buffer as ArrayBuffer;
      assertEquals([...new BigInt64Array(as(8))], values);
      const cut = (bits: number) => values.map((value) => Number(BigInt.asIntN(bits, value)));
      assertEquals([...new Int32Array(as(4))], cut(32));
      assertEquals([...new Int16Array(as(2))], cut(16));
      assertEquals([...new Int8Array(as(1))], cut(8));
    }),
  );
});

Deno.test("varints: a number cut short, one too long and more than were asked for are refused", () => {
  assertThrows(() => decode(Uint8Array.of(1, 0x80), 4), Error, "middle");
  assertThrows(() => decode(Uint8Array.of(...new Array(10).fill(0x80), 1), 8), Error, "10 bytes");
  assertThrows(() => decode(Uint8Array.of(1, 2, 3), 4, 8), Error, "3 numbers");
  assertEquals(decode(new Uint8Array(), 4).length, 0);
});

Deno.test("varints: a number takes 1 to 10 bytes", () => {
  const codec = { name: "varints", itemBytes: 4 } as const;
  assertEquals([varints.most(10, codec), varints.before(40, codec)], [40, 100]);
});
