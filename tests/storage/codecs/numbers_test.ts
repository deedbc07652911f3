import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { numbers } from "../../../src/storage/codecs/numbers.ts";

const codec = { name: "numbers" } as const;
const decode = (text: string, limit = 1e6) => {
  const bytes = numbers.decode(new TextEncoder().encode(text), limit * 8, codec);
  return [...new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)];
};

Deno.test("numbers: lists in lists, white space and commas separate; Python's words are known", () => {
  assertEquals(decode("[[1, -2.5],\n\t[3e-7,4E+2]]"), [1, -2.5, 3e-7, 400]);
  assertEquals(decode("NaN -Infinity Infinity"), [NaN, -Infinity, Infinity]);
  assertEquals(decode("7"), [7]);
  assertEquals(decode("[ ]"), []);
});

Deno.test("numbers: every double comes back as it was written, across windows too", () => {
  fc.assert(fc.property(fc.array(fc.double()), (values) => {
    assertEquals(decode(values.map((x) => Object.is(x, -0) ? "-0" : `${x}`).join(",")), values);
  }));
  const many = Array.from({ length: 2e5 }, (_, i) => i / 7);
  assertEquals(decode(JSON.stringify(many)), many);
});

Deno.test("numbers: what is no number, or one too many, is refused", () => {
  for (
    const word of ["1.5.5", "--1", "nan", "inf", "0x1f", "0b1", "1_000", "e", "+5", "null", "I"]
  ) {
    assertThrows(() => decode(`[1, ${word}]`), Error, `it holds ${JSON.stringify(word)}`);
  }
  assertThrows(() => decode("1 2 3", 2), Error, "it holds more than 2 numbers");
});

Deno.test("numbers: no text holds more than it is said to at most", () => {
  const text = "1,".repeat(99) + "1";
  assertEquals(decode(text).length * 8, numbers.most(text.length, codec));
});
