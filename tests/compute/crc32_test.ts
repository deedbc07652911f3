import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { crc32 } from "node:zlib";
import { wasm } from "../../src/compute/wasm.ts";

Deno.test("wasm crc32() is node:zlib's, whole and continued", () => {
  const data = fc.uint8Array({ maxLength: 200 });
  fc.assert(fc.property(data, fc.nat(200), (data, cut) => {
    const whole = crc32(data);
    assertEquals(wasm.crc32(data), whole);
    assertEquals(wasm.crc32(data.subarray(cut), wasm.crc32(data.subarray(0, cut))), whole);
  }));
});

Deno.test("wasm crc32() of 1 MiB is node:zlib's", () => {
  const data = Uint8Array.from({ length: 1 << 20 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
  assertEquals(wasm.crc32(data), crc32(data));
});
