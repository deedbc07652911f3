import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { unsnappy } from "../../src/storage/snappy.ts";

const refuse = (found: string, expected: string) => new TypeError(`${found} for ${expected}`);
const decode = (...bytes: number[]) => unsnappy(Uint8Array.from(bytes), refuse);
const text = (...bytes: number[]) => new TextDecoder().decode(decode(...bytes));
const ascii = (text: string) => Array.from(new TextEncoder().encode(text));

// Written by hand from the description of the format; real streams are in the fixtures' tables.
Deno.test("snappy: literals, with their length in the tag or in 1, 2, 3 or 4 bytes after it", () => {
  assertEquals(text(0), "");
  assertEquals(text(3, 2 << 2, ...ascii("abc")), "abc");
  const long = ascii("x".repeat(70));
  const lengths = [[60 << 2, 69], [61 << 2, 69, 0], [62 << 2, 69, 0, 0], [63 << 2, 69, 0, 0, 0]];
  for (const tag of lengths) assertEquals(text(70, ...tag, ...long), "x".repeat(70));
});

Deno.test("snappy: copies from 11, 16 and 32 bits back, also out of what they write", () => {
  const start = [2 << 2, ...ascii("abc")];
  assertEquals(text(7, ...start, 1, 3), "abcabca");
  assertEquals(text(6, ...start, 2 << 2 | 2, 3, 0), "abcabc");
  assertEquals(text(6, ...start, 2 << 2 | 3, 3, 0, 0, 0), "abcabc");
  assertEquals(text(13, ...start, 9 << 2 | 2, 1, 0), "abcccccccccccc".slice(0, 13));
  const far = ascii("y".repeat(1000));
  const whole = text(0xee, 7, 0, 90, 61 << 2, 231, 3, ...far, 1 | 3 << 5, 233, 0, 90);
  assertEquals(whole.length, 1006);
  assertEquals(whole, `Z${"y".repeat(1000)}${"Z"}${"y".repeat(3)}Z`);
});

const cases: readonly (readonly [string, number[], string])[] = [
  ["nothing", [], "no length"],
  ["a length of 6 bytes", [255, 255, 255, 255, 255, 1], "no length"],
  ["a length beyond what the bytes can stand for", [255, 255, 255, 255, 15, 0], "state 4294967295"],
  ["a tag cut off", [9, 61 << 2, 1], "cut off at byte 1"],
  ["a literal cut off", [3, 2 << 2, 65], "a literal of 3 bytes for at most 1"],
  ["a literal beyond the length", [1, 2 << 2, 65, 65, 65], "a literal of 3 bytes for at most 1"],
  ["a literal of 2^32 bytes", [9, 63 << 2, 255, 255, 255, 255, 65], "a literal of 4294967296"],
  ["a copy from before the start", [9, 0, 65, 1, 2], "a copy from 2 back for 1 to 1"],
  ["a copy from 0 back", [9, 0, 65, 1, 0], "a copy from 0 back"],
  ["a copy beyond the length", [4, 0, 65, 1, 1], "a copy of 4 bytes for at most 3"],
  ["fewer bytes than stated", [9, 0, 65], "1 bytes once decoded for 9"],
];
for (const [what, bytes, message] of cases) {
  Deno.test(`snappy: ${what} is refused`, () => {
    assertThrows(() => decode(...bytes), TypeError, message);
  });
}

Deno.test("snappy: any bytes decode to what they state, or are refused", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
    bytes[0]! &= 127;
    try {
      assertEquals(decode(...bytes).length, bytes[0]);
    } catch (error) {
      assertEquals((error as Error).constructor, TypeError);
    }
  }));
});
