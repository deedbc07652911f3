import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { crc32c, maskCrc } from "../../src/storage/crc32c.ts";

// RFC 3720, appendix B.4.
const cases: readonly (readonly [string, Uint8Array, number])[] = [
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 ones", new Uint8Array(32).fill(255), 0x62a8ab43],
  ["32 ascending", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["32 descending", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ["9 digits", new TextEncoder().encode("123456789"), 0xe3069283],
  ["nothing", new Uint8Array(), 0],
];
for (const [what, bytes, sum] of cases) {
  Deno.test(`CRC-32C of ${what}`, () => assertEquals(crc32c(bytes), sum));
}

Deno.test("CRC-32C goes on from any cut, at any place in memory", () => {
  const bytes = fc.uint8Array({ maxLength: 100 });
  fc.assert(fc.property(bytes, fc.nat(100), (bytes, cut) => {
    const [before, after] = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assertEquals(crc32c(after, crc32c(before)), crc32c(bytes));
  }));
});

Deno.test("a masked sum is turned by 15 bits and shifted", () => {
  assertEquals(maskCrc(0), 0xa282ead8);
  assertEquals(maskCrc(0x8000), 0xa282ead9);
  assertEquals(maskCrc(1), 0xa284ead8);
  assertEquals(maskCrc(0xffffffff), 0xa282ead7);
});
