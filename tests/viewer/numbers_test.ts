import { assertEquals } from "@std/assert";
import * as numbers from "../../src/viewer/numbers.ts";

const values: [number, string][] = [
  [0, "0"],
  [-0, "0"],
  [0.0213, "0.0213"],
  [-1.5, "−1.5"],
  [123456.7, "123500"],
  [1e6, "1×10⁶"],
  [-3.21e-7, "−3.21×10⁻⁷"],
  [5e-324, "4.941×10⁻³²⁴"],
  [NaN, "NaN"],
  [Infinity, "∞"],
  [-Infinity, "−∞"],
];
for (const [x, text] of values) {
  Deno.test(`${x} is written ${text}`, () => assertEquals(numbers.value(x), text));
}

Deno.test("counts, sizes, whole numbers and shapes", () => {
  assertEquals(numbers.count(999), "999");
  assertEquals(numbers.count(1_509_296), "1.51 M");
  assertEquals(numbers.bytes(1_509_296), "1.44 MiB");
  assertEquals(numbers.bytes(12), "12 B");
  assertEquals(numbers.whole(1048576), "1\u2009048\u2009576");
  assertEquals(numbers.shape([24, 16, 3, 3]), "24 × 16 × 3 × 3");
  assertEquals(numbers.shape([]), "scalar");
});
